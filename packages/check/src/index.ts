export type { BudgetOptions, Deadline, Exhausted } from "./budget.ts";
export {
  checkHistory,
  type CheckResult,
  type Contradiction,
  type Linearizable,
  type PartitionResult,
  type Unknown,
  type Verdict,
  type Violation,
} from "./check-history.ts";
export { checkEtcdHistory, type EtcdCheckOptions } from "./etcd/check-etcd-history.ts";
export { etcdModel, type EtcdStart } from "./etcd/etcd-model.ts";
export type { EtcdState } from "./etcd/etcd-state.ts";
export type {
  EtcdAction,
  EtcdAnswer,
  EtcdCompare,
  EtcdEntry,
  EtcdOp,
  EtcdRelation,
  EtcdResult,
  EtcdTxn,
} from "./etcd/operation.ts";
export {
  explainViolation,
  violationText,
  type Explanation,
  type ShownOperation,
  type ShownStep,
} from "./explain-violation.ts";
export { EMPTY_TEXT, extendText, type Hasher, type Lanes } from "./hasher.ts";
export type { History, Operation } from "./history.ts";
export { CONFIGURATIONS_MAX } from "./limits.ts";
export type { Defined, Model } from "./model.ts";
export { kvModel, type KvOp, type KvResult, type KvState } from "./models/kv.ts";
export { powerset, type ChoiceModel } from "./models/powerset.ts";
export {
  registerModel,
  type RegisterOp,
  type RegisterResult,
  type RegisterValue,
} from "./models/register.ts";
export { parseJepsenRegisterLog, parseKvLog } from "./porcupine/porcupine-logs.ts";
export { timelineHtml } from "./timeline/timeline-html.ts";

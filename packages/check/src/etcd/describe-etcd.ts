/** Operations and states of a store with revisions, for people. */
import type { EtcdKeys, EtcdState } from "./etcd-state.ts";
import type { EtcdAction, EtcdAnswer, EtcdCompare, EtcdEntry, EtcdOp, EtcdResult } from "./operation.ts";

export function describeEtcdOperation(op: EtcdOp, result: EtcdResult | undefined): string {
  const asked = op.type === "txn" ? describeTxn(op) : describeAction(op);
  if (result === undefined) return `${asked} → ?`;
  const answered = result.type === "txn" ? describeTxnResult(result) : describeAnswer(result);
  return `${asked} → ${[...answered, `revision ${result.revision}`].join(", ")}`;
}

export function describeEtcdState(state: EtcdState, keys: EtcdKeys): string {
  const entries = keys.list(state).map(([key, entry]) => `${JSON.stringify(key)} = ${describeEntry(entry)}`);
  return [`revision ${state.revision}`, ...entries].join(", ");
}

function describeTxn({ compares, success, failure }: Extract<EtcdOp, { type: "txn" }>): string {
  const condition = compares.map(describeCompare).join(" and ");
  return `txn if (${condition}) then (${describeActions(success)}) else (${describeActions(failure)})`;
}

function describeTxnResult({ succeeded, answers }: Extract<EtcdResult, { type: "txn" }>): readonly string[] {
  return [succeeded ? "then" : "else", ...answers.flatMap(describeAnswer)];
}

function describeCompare({ key, target, relation, to }: EtcdCompare): string {
  return `${target} of ${JSON.stringify(key)} ${relation} ${JSON.stringify(to)}`;
}

function describeActions(actions: readonly EtcdAction[]): string {
  return actions.map(describeAction).join("; ");
}

function describeAction(action: EtcdAction): string {
  const key = JSON.stringify(action.key);
  return action.type === "put" ? `put ${key} ${JSON.stringify(action.value)}` : `${action.type} ${key}`;
}

/** Of a put there is nothing to say. */
function describeAnswer(answer: EtcdAnswer): readonly string[] {
  if (answer.type === "get") return [answer.entry === null ? "nothing" : describeEntry(answer.entry)];
  return answer.type === "delete" ? [`${answer.deletedCount} deleted`] : [];
}

function describeEntry({ value, createRevision, modRevision, version }: EtcdEntry): string {
  return `${JSON.stringify(value)} (created ${createRevision}, modified ${modRevision}, version ${version})`;
}

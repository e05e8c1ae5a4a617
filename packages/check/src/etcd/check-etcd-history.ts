/** The check of a store with revisions: what contradicts itself is found without a search. Core. */
import type { BudgetOptions } from "../budget.ts";
import { checkHistory, type CheckResult, type Contradiction } from "../check-history.ts";
import { assertHistory, type History } from "../history.ts";
import { findContradiction } from "./contradiction.ts";
import { etcdModel, type EtcdStart } from "./etcd-model.ts";
import type { EtcdOp, EtcdResult } from "./operation.ts";

export interface EtcdCheckOptions extends BudgetOptions {
  /** What the store held before the history; nothing, at revision 1, unless told. */
  readonly start?: EtcdStart;
}

/** Throws as `checkHistory` does. */
export function checkEtcdHistory(
  history: History<EtcdOp, EtcdResult>,
  { start, ...budget }: EtcdCheckOptions = {},
): CheckResult {
  assertHistory(history);
  const contradiction = findContradiction(history);
  if (contradiction === undefined) return checkHistory(etcdModel(history, start), history, budget);
  return { verdict: "violation", partitions: [toViolation(history, contradiction)] };
}

function toViolation(
  history: History<EtcdOp, EtcdResult>,
  contradiction: Contradiction,
): CheckResult["partitions"][number] {
  const byReturn = contradiction.operations.toSorted(
    (a, b) => history[a]!.returnedAt! - history[b]!.returnedAt!,
  );
  return {
    verdict: "violation",
    key: undefined,
    operations: [...history.keys()],
    steps: 0,
    stuck: byReturn.at(-1)!,
    endings: [],
    contradiction,
  };
}

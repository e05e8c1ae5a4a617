/** The entry: takes a history apart into partitions, searches each, and puts the verdicts together. Core. */
import { Budget, type BudgetOptions, type Exhausted } from "./budget.ts";
import { assertHistory, type History } from "./history.ts";
import type { Defined, Model } from "./model.ts";
import { searchLinearization, type SearchOutcome } from "./search.ts";

export type Verdict = "linearizable" | "violation" | "unknown";

export interface CheckResult {
  /** A violation of one partition is one of the whole; unknown where none is known and a search was given up. */
  readonly verdict: Verdict;
  /** Small ones first, which is also the order in which they are searched. */
  readonly partitions: readonly PartitionResult[];
}

/** Numbers of operations are their indexes in the whole history. */
export type PartitionResult = Linearizable | Violation | Unknown;

interface Partition {
  /** Undefined where the model knows no partitions. */
  readonly key: string | undefined;
  readonly operations: readonly number[];
  /** Calls of the model's `step`. */
  readonly steps: number;
}

export interface Linearizable extends Partition {
  readonly verdict: "linearizable";
  /** A witness: the operations in an order that explains every result. Open operations need not occur. */
  readonly order: readonly number[];
}

export interface Violation extends Partition {
  readonly verdict: "violation";
  /**
   * The operation that has no place. The history up to just before its return is linearizable, and up to and including
   * its return it is not: provided that the model does not know what comes later, as that of etcd does.
   */
  readonly stuck: number;
  /**
   * Orders of what comes before, each ending in another state. A selection of all there are; first that which explains
   * most answers, with the fewest operations whose outcome is unknown.
   */
  readonly endings: readonly (readonly number[])[];
  /** Where no search was needed; then there are no endings. */
  readonly contradiction?: Contradiction;
}

/** Answers that cannot all be true. */
export interface Contradiction {
  readonly operations: readonly number[];
  /** Speaks of "the first" and "the second" of the operations. */
  readonly reason: string;
}

export interface Unknown extends Partition {
  readonly verdict: "unknown";
  /** What ran out; or another partition is at fault, and this one was not searched. */
  readonly because: Exhausted | "violation-elsewhere";
}

/** Throws `invalid-argument` for a history with an operation that returns before it is called. */
export function checkHistory<State extends Defined, Op, Result>(
  model: Model<State, Op, Result>,
  history: History<Op, Result>,
  options: BudgetOptions = {},
): CheckResult {
  assertHistory(history);
  const partitions: PartitionResult[] = [];
  let verdict: Verdict = "linearizable";
  for (const [key, operations] of partitionHistory(model, history)) {
    if (verdict === "violation") {
      partitions.push({ key, operations, steps: 0, verdict: "unknown", because: "violation-elsewhere" });
      continue;
    }
    const part = operations.map((index) => history[index]!);
    const result = toResult(searchLinearization(model, part, new Budget(options)), key, operations);
    partitions.push(result);
    if (result.verdict !== "linearizable") verdict = result.verdict;
  }
  return { verdict, partitions };
}

function partitionHistory<State extends Defined, Op, Result>(
  model: Model<State, Op, Result>,
  history: History<Op, Result>,
): readonly (readonly [string | undefined, number[]])[] {
  const operationsByKey = new Map<string | undefined, number[]>();
  for (const [index, { op }] of history.entries()) {
    const key = model.partition?.(op);
    const operations = operationsByKey.get(key);
    if (operations === undefined) operationsByKey.set(key, [index]);
    else operations.push(index);
  }
  return [...operationsByKey].sort(([, a], [, b]) => a.length - b.length);
}

function toResult(
  outcome: SearchOutcome,
  key: string | undefined,
  operations: readonly number[],
): PartitionResult {
  const { steps, verdict } = outcome;
  const toHistory = (order: readonly number[]) => order.map((index) => operations[index]!);
  const partition = { key, operations, steps };
  switch (verdict) {
    case "linearizable":
      return { ...partition, verdict, order: toHistory(outcome.order) };
    case "violation":
      return {
        ...partition,
        verdict,
        stuck: operations[outcome.stuck]!,
        endings: outcome.endings.map(toHistory),
      };
    case "unknown":
      return { ...partition, verdict, because: outcome.exhausted };
  }
}

/** Histories by hand: a line of text for each operation would hide the times, so they are given as intervals. */
import {
  checkHistory,
  registerModel,
  type History,
  type Operation,
  type RegisterOp,
  type RegisterResult,
  type Verdict,
} from "@lattice/check";

export type RegisterOperation = Operation<RegisterOp, RegisterResult>;

/** An operation without an end has no known outcome. */
type Interval = readonly [calledAt: number, returnedAt?: number];

export function read(client: number, value: string | null, interval: Interval): RegisterOperation {
  return operation(client, { type: "read" }, { result: value, interval });
}

export function write(client: number, value: string | null, interval: Interval): RegisterOperation {
  return operation(client, { type: "write", value }, { result: null, interval });
}

export function cas(
  client: number,
  [from, to, isSwapped]: readonly [from: string | null, to: string | null, isSwapped: boolean],
  interval: Interval,
): RegisterOperation {
  return operation(client, { type: "cas", from, to }, { result: isSwapped, interval });
}

export function operation<Op, Result>(
  client: number,
  op: Op,
  { result, interval: [calledAt, returnedAt] }: { result: Result; interval: Interval },
): Operation<Op, Result> {
  return { client, op, result: returnedAt === undefined ? undefined : result, calledAt, returnedAt };
}

export function verdictOf(...history: History<RegisterOp, RegisterResult>): Verdict {
  return checkHistory(registerModel, history).verdict;
}

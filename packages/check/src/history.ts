/**
 * What clients saw of an object: the input of the checker.
 *
 * Time. Any clock that all clients share: milliseconds of one process, or the number of the line in a log. Operation A
 * comes before B where A returned at a time less than that of B's call. Where the two times are equal the operations count
 * as concurrent, also those of one client: a clock too coarse can hide a violation, but cannot make one up. Who needs the
 * strict order numbers the events.
 */
import { LatticeError } from "@lattice/model";

export interface Operation<Op, Result> {
  /** Only for people to read: the order follows from the times alone. */
  readonly client: number;
  readonly op: Op;
  /** Undefined where the outcome is unknown: no answer came, or an error that does not say whether it took effect. */
  readonly result: Result | undefined;
  readonly calledAt: number;
  /** Undefined where it never returned. */
  readonly returnedAt: number | undefined;
}

export type History<Op, Result> = readonly Operation<Op, Result>[];

/**
 * An operation that never returned, or not with a result, may take effect at any time after its call, or never. (What is
 * known to have had no effect is left out of a history.)
 */
export function isOpen(operation: Operation<unknown, unknown>): boolean {
  return operation.result === undefined || operation.returnedAt === undefined;
}

/** Throws `invalid-argument` for times that are no interval. */
export function assertHistory(history: History<unknown, unknown>): void {
  for (const [index, { calledAt, returnedAt = calledAt }] of history.entries()) {
    if (!(calledAt <= returnedAt)) {
      throw new LatticeError(
        "invalid-argument",
        `operation ${index} was called at ${calledAt} and returned at ${returnedAt}`,
      );
    }
  }
}

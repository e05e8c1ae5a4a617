/**
 * Terms, places in the log and members, as numbers that cannot be taken for one another. All are whole and below 2^53.
 */

declare const brand: unique symbol;

/** A period with at most one leader (Raft §5.1). 0 is before the first. */
export type Term = number & { readonly [brand]: "Term" };

/** A place in the log. The first entry has 1; 0 is the place before it. */
export type LogIndex = number & { readonly [brand]: "LogIndex" };

/** From 1 on; 0 is nobody. An id is never used for a second member. */
export type MemberId = number & { readonly [brand]: "MemberId" };

export const NO_TERM = 0 as Term;
export const NO_INDEX = 0 as LogIndex;
export const NOBODY = 0 as MemberId;

/** The one place where a number becomes an index. */
export function logIndex(value: number): LogIndex {
  return value as LogIndex;
}

/** The index `count` places further on, or back where that is negative. */
export function plus(index: LogIndex, count: number): LogIndex {
  return (index + count) as LogIndex;
}

export function minIndex(a: LogIndex, b: LogIndex): LogIndex {
  return a < b ? a : b;
}

export function maxIndex(a: LogIndex, b: LogIndex): LogIndex {
  return a > b ? a : b;
}

export function memberId(value: number): MemberId {
  return value as MemberId;
}

export function term(value: number): Term {
  return value as Term;
}

export function nextTerm(before: Term): Term {
  return (before + 1) as Term;
}

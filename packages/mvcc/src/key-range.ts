/** Which keys a request means: one, those from one to before another, or all from one on. */
import { compareBytes } from "@lattice/model";
import type { Range } from "@lattice/storage";

export interface KeyRange {
  readonly key: Uint8Array;
  /** Undefined where it is this key alone. */
  readonly bounds: Range | undefined;
}

/** As requests have it: no end means one key, an end of one zero byte all keys from `key` on. */
export function keyRange({ key, rangeEnd }: { key: Uint8Array; rangeEnd: Uint8Array }): KeyRange {
  if (rangeEnd.length === 0) return { key, bounds: undefined };
  if (rangeEnd.length === 1 && rangeEnd[0] === 0) return { key, bounds: { gte: key } };
  return { key, bounds: { gte: key, lt: rangeEnd } };
}

/** What is left of it behind `key`. */
export function rangeAfter(range: KeyRange, key: Uint8Array): KeyRange {
  const lt = range.bounds?.lt;
  return { key, bounds: lt === undefined ? { gt: key } : { gt: key, lt } };
}

export function isInRange({ key: from, bounds }: KeyRange, key: Uint8Array): boolean {
  const order = compareBytes(key, from);
  if (bounds === undefined) return order === 0;
  return order >= 0 && (bounds.lt === undefined || compareBytes(key, bounds.lt) < 0);
}

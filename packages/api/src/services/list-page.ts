/** A list that is at hand as a whole, in pages: its cursor is the key of the last item told. */
import { bytesKey, LatticeError } from "@lattice/model";

export interface PageWish {
  /** 0: all. */
  readonly limit: number;
  /** Empty: from the beginning. */
  readonly cursor: Uint8Array;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Empty at the end. */
  readonly next: Uint8Array;
}

const NONE = new Uint8Array(0);

/** Throws `invalid-argument` where the item of the cursor is gone, and with it the place where to go on. */
export function pageOf<T>(
  items: readonly T[],
  keyOf: (item: T) => Uint8Array,
  { limit, cursor }: PageWish,
): Page<T> {
  const start = cursor.length === 0 ? 0 : placeOf(items, keyOf, cursor) + 1;
  const end = limit === 0 ? items.length : Math.min(items.length, start + limit);
  return { items: items.slice(start, end), next: end < items.length ? keyOf(items[end - 1]!) : NONE };
}

function placeOf<T>(items: readonly T[], keyOf: (item: T) => Uint8Array, cursor: Uint8Array): number {
  const wanted = bytesKey(cursor);
  const at = items.findIndex((item) => bytesKey(keyOf(item)) === wanted);
  if (at >= 0) return at;
  throw new LatticeError(
    "invalid-argument",
    "cursor: what it stands for is not in the list any more; begin anew without it",
  );
}

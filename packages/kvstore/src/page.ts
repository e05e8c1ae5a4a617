/** Pages of keys in order, bounded in number and bytes. */
import { rangeRows, type RegisterReader, type Row } from "@lattice/kvtable";
import { compareBytes, prefixEnd } from "@lattice/model";
import type { StateRange } from "@lattice/store";
import { PAGE_BYTES_MAX, PAGE_COUNT_DEFAULT, PAGE_COUNT_MAX } from "./limits.ts";

/** Empty stands for "no bound". */
export interface KeyRange {
  readonly prefix: Uint8Array;
  /** Inclusive. */
  readonly from: Uint8Array;
  /** Exclusive. */
  readonly to: Uint8Array;
  /** The key before the first one to read, in the order of reading. */
  readonly cursor: Uint8Array;
  readonly reverse: boolean;
}

const NOTHING = new Uint8Array();

export function prefixRange(prefix: Uint8Array, cursor: Uint8Array = NOTHING): KeyRange {
  return { prefix, from: NOTHING, to: NOTHING, cursor, reverse: false };
}

/** Undefined where no key can be in it. */
export function stateRange(range: KeyRange): StateRange | undefined {
  const { prefix, cursor, reverse } = range;
  const forward = cursor.length > 0 && !reverse ? cursor : undefined;
  const backward = cursor.length > 0 && reverse ? cursor : undefined;
  const lower = greatest([prefix, range.from].filter((bound) => bound.length > 0));
  // A copy: `slice` of a Buffer, which is what a request off the wire can hold, is a view.
  const end = prefix.length > 0 ? prefixEnd(new Uint8Array(prefix)) : undefined;
  const upper = least(
    [end, range.to.length > 0 ? range.to : undefined, backward].filter((bound) => bound !== undefined),
  );
  const behind = forward !== undefined && (lower === undefined || compareBytes(forward, lower) >= 0);
  const start = behind ? forward : lower;
  if (start !== undefined && upper !== undefined && compareBytes(start, upper) >= 0) return undefined;
  return {
    ...(start === undefined ? {} : behind ? { gt: start } : { gte: start }),
    ...(upper === undefined ? {} : { lt: upper }),
    reverse,
  };
}

function greatest(bounds: readonly Uint8Array[]): Uint8Array | undefined {
  return [...bounds].sort(compareBytes).at(-1);
}

function least(bounds: readonly Uint8Array[]): Uint8Array | undefined {
  return [...bounds].sort(compareBytes)[0];
}

export interface Page {
  readonly rows: readonly (readonly [key: Uint8Array, row: Row])[];
  /** Cursor of the next page; undefined behind the last row. */
  readonly next: Uint8Array | undefined;
}

export function pageCount(asked: number): number {
  return asked === 0 ? PAGE_COUNT_DEFAULT : Math.min(asked, PAGE_COUNT_MAX);
}

export interface PageBounds {
  readonly countMax: number;
  /** Whether rows of removed keys count, too. */
  readonly removed: boolean;
}

export function readPage(registers: RegisterReader, range: KeyRange, bounds: PageBounds): Page {
  const rows: (readonly [Uint8Array, Row])[] = [];
  const limits = stateRange(range);
  if (limits === undefined) return { rows, next: undefined };
  let bytes = 0;
  for (const [key, row] of rangeRows(registers, limits)) {
    if (row.winner.value === undefined && !bounds.removed) continue;
    if (rows.length === bounds.countMax || bytes >= PAGE_BYTES_MAX) return { rows, next: rows.at(-1)![0] };
    rows.push([key, row]);
    bytes += key.length + (row.winner.value?.length ?? 0);
  }
  return { rows, next: undefined };
}

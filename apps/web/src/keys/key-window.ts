/**
 * The part of a long list of keys that the page holds: one run of rows without gaps, which grows at either end as somebody
 * scrolls, and is let go at the other. Pure: who reads pages and when is not its matter.
 *
 * Invariants
 *  1. Rows are in the order of their keys, none twice.
 *  2. Between the first and the last row no key of the store is missing, as far as pages and changes have told.
 */
import { compareBytes } from "../text/compare-bytes.ts";
import type { Entry } from "./kv-messages.ts";

/** Rows kept at most: some dozen screens in each direction. */
export const WINDOW_ROWS_MAX = 6_000;
/** Of a value only this much is kept for the list. */
const PREVIEW_BYTES = 256;

export interface KeyRow {
  readonly key: Uint8Array;
  /** The beginning of the value. */
  readonly preview: Uint8Array;
  readonly valueBytes: number;
  readonly conflicted: boolean;
}

export interface KeyWindow {
  readonly rows: readonly KeyRow[];
  /** No key stands before the first row. */
  readonly atStart: boolean;
  /** No key stands behind the last row. */
  readonly atEnd: boolean;
}

export interface KeyPage {
  /** In the order of the keys. */
  readonly rows: readonly KeyRow[];
  /** Whether it goes on in the direction in which the page was read. */
  readonly hasMore: boolean;
}

export const EMPTY_WINDOW: KeyWindow = { rows: [], atStart: false, atEnd: false };

export function toRow({ key, value, conflicted }: Entry): KeyRow {
  // A copy, so that a long value can go.
  return { key, preview: value.slice(0, PREVIEW_BYTES), valueBytes: value.length, conflicted };
}

/** `dropped`: rows that went away at the start, by which what is shown moves up. */
export interface Grown {
  readonly window: KeyWindow;
  readonly dropped: number;
}

export function withPageBehind(window: KeyWindow, page: KeyPage): Grown {
  const all = mergeRows(window.rows, page.rows);
  const dropped = Math.max(0, all.length - WINDOW_ROWS_MAX);
  return {
    window: { rows: all.slice(dropped), atStart: window.atStart && dropped === 0, atEnd: !page.hasMore },
    dropped,
  };
}

/** `added`: rows that came before the first, by which what is shown moves down. */
export function withPageBefore(
  window: KeyWindow,
  page: KeyPage,
): { readonly window: KeyWindow; readonly added: number } {
  const all = mergeRows(page.rows, window.rows);
  const kept = all.slice(0, WINDOW_ROWS_MAX);
  return {
    window: { rows: kept, atStart: !page.hasMore, atEnd: window.atEnd && kept.length === all.length },
    added: all.length - window.rows.length,
  };
}

/** The first list's keys stand before those of the second, but for what a change has brought already. */
function mergeRows(before: readonly KeyRow[], behind: readonly KeyRow[]): readonly KeyRow[] {
  const last = before.at(-1);
  const first = behind[0];
  if (last === undefined || first === undefined || compareBytes(last.key, first.key) < 0) {
    return [...before, ...behind];
  }
  const sorted = [...before, ...behind].sort((a, b) => compareBytes(a.key, b.key));
  return sorted.filter((row, at) => at === 0 || compareBytes(row.key, sorted[at - 1]!.key) !== 0);
}

/** A key as it is now. One outside of what is held leaves the window as it is. */
export function withRow(window: KeyWindow, row: KeyRow): KeyWindow {
  const { rows } = window;
  const at = rowIndex(rows, row.key);
  const isThere = at < rows.length && compareBytes(rows[at]!.key, row.key) === 0;
  if (!isThere && at === 0 && !window.atStart) return window;
  if (!isThere && at === rows.length && !window.atEnd) return window;
  return { ...window, rows: [...rows.slice(0, at), row, ...rows.slice(isThere ? at + 1 : at)] };
}

export function withoutKey(window: KeyWindow, key: Uint8Array): KeyWindow {
  const at = rowIndex(window.rows, key);
  const found = window.rows[at];
  if (found === undefined || compareBytes(found.key, key) !== 0) return window;
  return { ...window, rows: window.rows.toSpliced(at, 1) };
}

/** Of the first row whose key is not below this one. */
export function rowIndex(rows: readonly KeyRow[], key: Uint8Array): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes(rows[middle]!.key, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What the port means, said as plainly as can be: arrays that are copied and sorted every time. */
import { bytesKey, compareBytes } from "@lattice/model";
import type { Range, Row } from "@lattice/storage";

export type NaiveTable = readonly Row[];
export type NaiveState = ReadonlyMap<string, NaiveTable>;

export interface Write {
  readonly table: string;
  readonly key: Uint8Array;
  /** Without one, the row is deleted. */
  readonly value: Uint8Array | undefined;
}

export function emptyState(tables: readonly string[]): NaiveState {
  return new Map(tables.map((name) => [name, []]));
}

export function applyWrites(state: NaiveState, writes: readonly Write[]): NaiveState {
  const next = new Map(state);
  for (const { table, key, value } of writes) {
    const others = next.get(table)!.filter((row) => bytesKey(row[0]) !== bytesKey(key));
    const rows: Row[] = value ? [...others, [key, value]] : others;
    next.set(
      table,
      rows.sort((a, b) => compareBytes(a[0], b[0])),
    );
  }
  return next;
}

export function hasRow(table: NaiveTable, key: Uint8Array): boolean {
  return table.some((row) => bytesKey(row[0]) === bytesKey(key));
}

export function naiveRange(table: NaiveTable, range: Range): NaiveTable {
  const inside = table.filter(
    ([key]) =>
      (!range.gte || compareBytes(key, range.gte) >= 0) &&
      (!range.gt || compareBytes(key, range.gt) > 0) &&
      (!range.lte || compareBytes(key, range.lte) <= 0) &&
      (!range.lt || compareBytes(key, range.lt) < 0),
  );
  if (range.reverse) inside.reverse();
  return inside.slice(0, range.limit);
}

/** Rows as text, which compares and prints well: long keys and values by their length and hash of sorts. */
export function rowsText(rows: Iterable<Row>): string[] {
  return [...rows].map(([key, value]) => `${bytesText(key)}=${bytesText(value)}`);
}

export function bytesText(bytes: Uint8Array): string {
  if (bytes.length <= 24) return Buffer.from(bytes).toString("hex");
  let sum = 0;
  for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) >>> 0;
  return `${bytes.length}:${sum}:${Buffer.from(bytes.subarray(-8)).toString("hex")}`;
}

export function rangeText(range: Range): string {
  const parts = Object.entries(range).map(([name, value]) => {
    return `${name} ${value instanceof Uint8Array ? bytesText(value) : String(value)}`;
  });
  return `range ${parts.join(", ")}`;
}

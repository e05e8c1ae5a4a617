/** Reading registers: one key, all its heads, keys in order, their count. Core; no I/O. */
import { concatBytes, ID_BYTES, sha256, type IntentionId } from "@lattice/model";
import type { StateRange } from "@lattice/store";
import {
  compareHeads,
  decodeLoser,
  decodeRow,
  rowLoserCount,
  rowValue,
  type Head,
  type Row,
} from "./head.ts";
import type { RegisterReader } from "./registers.ts";

/** Undefined for a key that was never written. A removed key has a row, whose winner has no value. */
export function readRow(registers: RegisterReader, key: Uint8Array): Row | undefined {
  const stored = registers.rows.get(key);
  return stored === undefined ? undefined : decodeRow(stored);
}

/** What a reader of the key sees. */
export interface Register {
  readonly value: Uint8Array | undefined;
  readonly conflicted: boolean;
}

const ABSENT: Register = { value: undefined, conflicted: false };

/** The hot path: decodes nothing but what it gives. */
export function readRegister(registers: Pick<RegisterReader, "rows">, key: Uint8Array): Register {
  const stored = registers.rows.get(key);
  if (stored === undefined) return ABSENT;
  return { value: rowValue(stored), conflicted: rowLoserCount(stored) > 0 };
}

export function isConflicted(row: Row | undefined): boolean {
  return row !== undefined && row.loserCount > 0;
}

/** The heads of a key, the winner first; of more than `countMax`, the winner and the latest others. */
export function readHeads(registers: RegisterReader, key: Uint8Array, countMax: number): readonly Head[] {
  const row = readRow(registers, key);
  if (row === undefined) return [];
  if (row.loserCount === 0) return [row.winner];
  const keyHash = sha256(key);
  const losers: Head[] = [];
  const range = {
    gte: concatBytes(keyHash, new Uint8Array(ID_BYTES)),
    lte: concatBytes(keyHash, new Uint8Array(ID_BYTES).fill(0xff)),
    reverse: true,
    limit: countMax - 1,
  };
  for (const [at, stored] of registers.losers.range(range)) {
    losers.push(decodeLoser(at.subarray(keyHash.length) as IntentionId, stored));
  }
  // Ids order by time and hash; heads of one time order by author first.
  losers.sort((a, b) => compareHeads(b, a));
  return [row.winner, ...losers];
}

/** Rows in the order of their keys, those of removed keys included. */
export function* rangeRows(
  registers: RegisterReader,
  range: StateRange,
): Iterable<readonly [key: Uint8Array, row: Row]> {
  for (const [key, stored] of registers.rows.range(range)) yield [key, decodeRow(stored)];
}

/** Keys that have a value. */
export function countKeys(registers: RegisterReader): number {
  return registers.rows.count() - registers.removed.count();
}

/** Keys in the range that have a value; takes time with their number. */
export function countKeysIn(registers: RegisterReader, range: StateRange): number {
  let count = 0;
  for (const [, stored] of registers.rows.range(range)) if (rowValue(stored) !== undefined) count += 1;
  return count;
}

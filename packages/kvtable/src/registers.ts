/**
 * The register engine: what a store type with keys keeps of each of them. Core; no I/O.
 *
 * Four tables, named after the first:
 *   rows     key → winner, and how many losers there are
 *   losers   SHA-256(key) ‖ id → author, value; every live head but the winner
 *   graves   SHA-256(key) ‖ id → count; what is owed for ids that were named without being live
 *   removed  key → nothing; keys whose winner is a removal, so that counting keys costs nothing
 * An ordinary write touches the first only. Losers have rows of their own: one author can make any number of heads of
 * one key, and a row with all of them would grow past what storage takes.
 *
 * The rule. Of the writes of one key, w is live iff no other write of that key names w's id. An op's author names what it
 * saw, so everything named was applied before; but a hostile author can name what is not in its causal past, and then
 * the namer comes before the named on one node and after it on another. So the state has to tell "named, not here yet"
 * from "named, and long gone", without keeping all ids that ever were. It counts instead. For an id x of a key let
 * n = how many applied writes of the key name x, and a = 1 if x itself was applied as a write of the key, else 0.
 *
 * Invariants
 *  1. x is a head iff a = 1 and n = 0.
 *  2. The grave of x holds n - a where n > a, and there is none otherwise.
 *  3. Both hold after every step, if they held before:
 *       x is named,  x live (n=0, a=1): the head goes, no grave.          n=1, a=1: n - a = 0.
 *       x is named,  x not live:        the grave counts one up.          n - a grows by one, from 0 or more.
 *       x arrives,   grave of x:        the grave counts one down; no head.  a=1, n - a falls by one.
 *       x arrives,   no grave:          x becomes a head.  (a=0, no grave: n = 0.)
 *     So heads and graves follow from (n, a) of each id, hence from the set of applied writes, and not from its order.
 *     It needs neither causal order nor honesty, only that a write is applied once and names an id once.
 *  4. A write names only ids that are older than itself (`refusalOfWrite`). Hence nothing names the latest write of a key:
 *     a key that was ever written has a head, the winner is the greatest of *all* its writes, and it never falls back. A
 *     write that names the winner is later than every other, so it is the next one; no loser ever takes its place.
 *  5. The winner is the greatest head by (HLC, author, hash); `loserCount` is the number of the others; a key is in
 *     `removed` iff its winner is a removal. With 1 and 2, every row of every table is a function of the set.
 *
 * Cost. Where everybody is honest, a grave is left only when two concurrent writes supersede the same head: one row of
 * 73 bytes, beside two intentions of 300 or more. A hostile author pays 40 bytes for each. A grave can go once its id lies
 * below a checkpoint, for then x cannot come any more.
 */
import {
  assert,
  bytesKey,
  concatBytes,
  equalBytes,
  ID_BYTES,
  sha256,
  type IntentionId,
} from "@lattice/model";
import {
  damagedState,
  type StateReader,
  type StateTable,
  type StateTableReader,
  type StateTx,
} from "@lattice/store";
import { compareHeads, compareTime, decodeRow, encodeLoser, encodeRow, type Head, type Row } from "./head.ts";
import { SUPERSEDES_COUNT_MAX } from "./limits.ts";

export interface RegisterReader {
  readonly rows: StateTableReader;
  readonly losers: StateTableReader;
  readonly removed: StateTableReader;
}

export interface Registers extends RegisterReader {
  readonly rows: StateTable;
  readonly losers: StateTable;
  readonly removed: StateTable;
  readonly graves: StateTable;
}

/** The tables to declare for registers of this name. */
export function registerTables(name: string): readonly string[] {
  return [name, `${name}-losers`, `${name}-removed`, `${name}-graves`];
}

export function readRegisters(read: StateReader, name: string): RegisterReader {
  return {
    rows: read.table(name),
    losers: read.table(`${name}-losers`),
    removed: read.table(`${name}-removed`),
  };
}

export function openRegisters(tx: StateTx, name: string): Registers {
  return {
    rows: tx.table(name),
    losers: tx.table(`${name}-losers`),
    removed: tx.table(`${name}-removed`),
    graves: tx.table(`${name}-graves`),
  };
}

/** One write of one key, by one op. */
export interface RegisterWrite extends Head {
  /** Ids of the heads that it replaces. */
  readonly supersedes: readonly Uint8Array[];
}

/** A key before and after a write. */
export interface RegisterChange {
  readonly before: Row | undefined;
  readonly after: Row;
}

/** Why a write counts for nothing; undefined where it counts. Takes untrusted input; follows from the write alone. */
export function refusalOfWrite(write: Pick<RegisterWrite, "id" | "supersedes">): string | undefined {
  const { id, supersedes } = write;
  if (supersedes.length > SUPERSEDES_COUNT_MAX) {
    return `it supersedes ${supersedes.length} heads; at most ${SUPERSEDES_COUNT_MAX} may be named`;
  }
  for (const named of supersedes) {
    if (named.length !== ID_BYTES)
      return `it supersedes an id of ${named.length} bytes; an id has ${ID_BYTES}`;
    if (compareTime(named as IntentionId, id) >= 0) return "it supersedes what is not older than itself";
  }
  return undefined;
}

/** `write` must not be refused, and an op must write a key once. */
export function applyWrite(registers: Registers, key: Uint8Array, write: RegisterWrite): RegisterChange {
  const keyHash = sha256(key);
  const stored = registers.rows.get(key);
  const before = stored === undefined ? undefined : decodeRow(stored);
  let winner: Head | undefined = before?.winner;
  let loserCount = before?.loserCount ?? 0;

  for (const id of distinct(write.supersedes)) {
    if (winner !== undefined && equalBytes(winner.id, id)) winner = undefined;
    else if (loserCount > 0 && registers.losers.delete(concatBytes(keyHash, id))) loserCount -= 1;
    else addToGrave(registers.graves, concatBytes(keyHash, id), 1);
  }
  if (!takeFromGrave(registers.graves, concatBytes(keyHash, write.id))) {
    const loser = winner !== undefined && compareHeads(winner, write) > 0 ? write : winner;
    if (loser !== write) winner = write;
    if (loser !== undefined) {
      registers.losers.put(concatBytes(keyHash, loser.id), encodeLoser(loser));
      loserCount += 1;
    }
  }
  assert(winner !== undefined, "4: what names the winner becomes the winner");

  const after = { winner, loserCount };
  registers.rows.put(key, encodeRow(after));
  noteRemoved(registers.removed, key, { before, after });
  return { before, after };
}

function distinct(ids: readonly Uint8Array[]): Iterable<IntentionId> {
  if (ids.length < 2) return ids as readonly IntentionId[];
  return new Map(ids.map((id) => [bytesKey(id), id as IntentionId])).values();
}

/** Adds to the count of a grave; a grave of 0 does not exist. */
function addToGrave(graves: StateTable, at: Uint8Array, step: 1 | -1): void {
  const stored = graves.get(at);
  const count = (stored === undefined ? 0 : decodeCount(stored)) + step;
  if (count === 0) graves.delete(at);
  else graves.put(at, encodeCount(count));
}

function takeFromGrave(graves: StateTable, at: Uint8Array): boolean {
  if (!graves.has(at)) return false;
  addToGrave(graves, at, -1);
  return true;
}

const COUNT_BYTES = 4;

function encodeCount(count: number): Uint8Array {
  const out = new Uint8Array(COUNT_BYTES);
  new DataView(out.buffer).setUint32(0, count);
  return out;
}

function decodeCount(bytes: Uint8Array): number {
  if (bytes.length !== COUNT_BYTES) throw damagedState(`a grave's row of ${bytes.length} bytes is none`);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);
}

function noteRemoved(removed: StateTable, key: Uint8Array, { before, after }: RegisterChange): void {
  const was = before !== undefined && before.winner.value === undefined;
  const is = after.winner.value === undefined;
  if (is && !was) removed.put(key, new Uint8Array());
  if (was && !is) removed.delete(key);
}

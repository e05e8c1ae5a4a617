/**
 * The log as a table: order key → hash ‖ content. Core; no I/O.
 *
 *   order key   HLC u64 ‖ author [32] ‖ seq u64, big-endian
 *
 * Invariants
 *  1. An entry's key follows from its intention, so the table is a function of the set of ops.
 *  2. Time rises along an author's chain, so keys differ, but for a fork: two intentions with one author, seq and time. Of
 *     those the least hash has the key above, and each other one has that key ‖ its hash, whichever came first.
 */
import {
  compareBytes,
  concatBytes,
  HASH_BYTES,
  PUBKEY_BYTES,
  u64be,
  type Hash,
  type PubKey,
} from "@lattice/model";
import {
  damagedState,
  Refusal,
  type Op,
  type StateReader,
  type StateTable,
  type StateTableReader,
  type StateTx,
} from "@lattice/store";
import type { LogOp } from "./gen/lattice/logstore/v1/logstore.ts";
import { CONTENT_BYTES_MAX } from "./limits.ts";

export const ENTRIES = "entries";

const HLC_BYTES = 8;
export const ORDER_KEY_BYTES = HLC_BYTES + PUBKEY_BYTES + 8;
export const FORKED_KEY_BYTES = ORDER_KEY_BYTES + HASH_BYTES;

export interface Entry {
  readonly key: Uint8Array;
  readonly hash: Hash;
  readonly content: Uint8Array;
}

export function entriesOf(read: StateReader): StateTableReader {
  return read.table(ENTRIES);
}

export function applyAppend(tx: StateTx, op: Op<LogOp>): readonly Entry[] {
  const { content } = op.payload;
  if (content.length > CONTENT_BYTES_MAX) {
    throw new Refusal(`an entry has ${content.length} bytes; at most ${CONTENT_BYTES_MAX} are allowed`);
  }
  const entry = { key: orderKey(op), hash: op.hash, content };
  return [insert(tx.table(ENTRIES), entry)];
}

function orderKey(op: Pick<Op<LogOp>, "timestamp" | "author" | "seq">): Uint8Array {
  return concatBytes(u64be(op.timestamp), op.author, u64be(op.seq));
}

/** Gives the entry with the key under which it stands. */
function insert(table: StateTable, entry: Entry): Entry {
  const stored = table.get(entry.key);
  if (stored === undefined) return write(table, entry);
  const present = decodeEntry(entry.key, stored);
  const [least, other] = compareBytes(entry.hash, present.hash) < 0 ? [entry, present] : [present, entry];
  const moved = { ...other, key: concatBytes(entry.key, other.hash) };
  write(table, moved);
  write(table, least);
  return other === entry ? moved : entry;
}

function write(table: StateTable, entry: Entry): Entry {
  table.put(entry.key, concatBytes(entry.hash, entry.content));
  return entry;
}

/** The parts are views into `stored`. Throws `corrupt` for what is no row. */
export function decodeEntry(key: Uint8Array, stored: Uint8Array): Entry {
  const isWhole =
    stored.length >= HASH_BYTES && (key.length === ORDER_KEY_BYTES || key.length === FORKED_KEY_BYTES);
  if (!isWhole) throw damagedState(`an entry's row of ${stored.length} bytes is none`);
  return { key, hash: stored.subarray(0, HASH_BYTES) as Hash, content: stored.subarray(HASH_BYTES) };
}

export function authorOfKey(key: Uint8Array): PubKey {
  return key.subarray(HLC_BYTES, HLC_BYTES + PUBKEY_BYTES) as PubKey;
}

/** The entry of an op that was applied; undefined where it was refused. */
export function entryOfOp(table: StateTableReader, op: Op<LogOp>): Entry | undefined {
  const key = orderKey(op);
  for (const at of [key, concatBytes(key, op.hash)]) {
    const stored = table.get(at);
    if (stored === undefined) continue;
    const entry = decodeEntry(at, stored);
    if (compareBytes(entry.hash, op.hash) === 0) return entry;
  }
  return undefined;
}

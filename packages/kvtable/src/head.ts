/**
 * A head: one write of a key that no other write supersedes; and its two encodings, as the winner's row and as
 * a loser's row. Both are read at fixed offsets, so that a `get` costs a few views into the stored bytes.
 *
 *   row    kind u8 ‖ losers u32 ‖ id [40] ‖ author [32] ‖ value
 *   loser  kind u8 ‖ author [32] ‖ value            (its id stands in the key)
 *
 * kind is 1 for a value and 0 for a removal, which has no value bytes. One head, one encoding.
 */
import { compareBytes, ID_BYTES, PUBKEY_BYTES, type IntentionId, type PubKey } from "@lattice/model";
import { damagedState } from "@lattice/store";

export interface Head {
  readonly id: IntentionId;
  readonly author: PubKey;
  /** Undefined: the key was removed. */
  readonly value: Uint8Array | undefined;
}

/** A key as it stands. */
export interface Row {
  readonly winner: Head;
  /** How many other heads there are. */
  readonly loserCount: number;
}

const KIND_REMOVAL = 0;
const KIND_VALUE = 1;

const LOSERS_AT = 1;
const ROW_ID_AT = LOSERS_AT + 4;
const ROW_AUTHOR_AT = ROW_ID_AT + ID_BYTES;
const ROW_VALUE_AT = ROW_AUTHOR_AT + PUBKEY_BYTES;

const LOSER_AUTHOR_AT = 1;
const LOSER_VALUE_AT = LOSER_AUTHOR_AT + PUBKEY_BYTES;

export function encodeRow(row: Row): Uint8Array {
  const { winner, loserCount } = row;
  const out = new Uint8Array(ROW_VALUE_AT + (winner.value?.length ?? 0));
  out[0] = winner.value === undefined ? KIND_REMOVAL : KIND_VALUE;
  out[LOSERS_AT] = loserCount >>> 24;
  out[LOSERS_AT + 1] = loserCount >>> 16;
  out[LOSERS_AT + 2] = loserCount >>> 8;
  out[LOSERS_AT + 3] = loserCount;
  out.set(winner.id, ROW_ID_AT);
  out.set(winner.author, ROW_AUTHOR_AT);
  if (winner.value !== undefined) out.set(winner.value, ROW_VALUE_AT);
  return out;
}

/** The parts are views into `bytes`. Throws `corrupt` for what is no row. */
export function decodeRow(bytes: Uint8Array): Row {
  checkRow(bytes, ROW_VALUE_AT);
  return {
    winner: {
      id: bytes.subarray(ROW_ID_AT, ROW_AUTHOR_AT) as IntentionId,
      author: bytes.subarray(ROW_AUTHOR_AT, ROW_VALUE_AT) as PubKey,
      value: rowValue(bytes),
    },
    loserCount: rowLoserCount(bytes),
  };
}

/** The winner's value alone, without the rest of the row. Throws `corrupt` for what is no row. */
export function rowValue(bytes: Uint8Array): Uint8Array | undefined {
  checkRow(bytes, ROW_VALUE_AT);
  return bytes[0] === KIND_VALUE ? bytes.subarray(ROW_VALUE_AT) : undefined;
}

export function rowLoserCount(bytes: Uint8Array): number {
  const high = (bytes[LOSERS_AT]! << 8) | bytes[LOSERS_AT + 1]!;
  const low = (bytes[LOSERS_AT + 2]! << 8) | bytes[LOSERS_AT + 3]!;
  return high * 0x10000 + low;
}

export function encodeLoser(head: Head): Uint8Array {
  const out = new Uint8Array(LOSER_VALUE_AT + (head.value?.length ?? 0));
  out[0] = head.value === undefined ? KIND_REMOVAL : KIND_VALUE;
  out.set(head.author, LOSER_AUTHOR_AT);
  if (head.value !== undefined) out.set(head.value, LOSER_VALUE_AT);
  return out;
}

/** As `decodeRow`. */
export function decodeLoser(id: IntentionId, bytes: Uint8Array): Head {
  checkRow(bytes, LOSER_VALUE_AT);
  return {
    id,
    author: bytes.subarray(LOSER_AUTHOR_AT, LOSER_VALUE_AT) as PubKey,
    value: bytes[0] === KIND_VALUE ? bytes.subarray(LOSER_VALUE_AT) : undefined,
  };
}

/** `valueAt`: where the value begins, if there is one. */
function checkRow(bytes: Uint8Array, valueAt: number): void {
  const isWhole =
    bytes[0] === KIND_VALUE ? bytes.length >= valueAt : bytes[0] === KIND_REMOVAL && bytes.length === valueAt;
  if (!isWhole) throw damagedState(`a register's row of ${bytes.length} bytes is none`);
}

const HLC_BYTES = 8;

/** Above zero where `a` wins over `b`: by HLC, then author, then hash. */
export function compareHeads(a: Pick<Head, "id" | "author">, b: Pick<Head, "id" | "author">): number {
  return compareTime(a.id, b.id) || compareBytes(a.author, b.author) || compareBytes(a.id, b.id);
}

export function compareTime(a: IntentionId, b: IntentionId): number {
  return compareBytes(a.subarray(0, HLC_BYTES), b.subarray(0, HLC_BYTES));
}

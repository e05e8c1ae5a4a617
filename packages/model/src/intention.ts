/**
 * The intention: one signed write (weaver.md §2). Core; no I/O.
 *
 * Layout, borsh, little-endian:
 *   version u8 ‖ store_id [16] ‖ author [32] ‖ seq u64 ‖ timestamp u64 ‖ store_prev [40]
 *   ‖ condition u32 + n×[40] ‖ ops u32 + bytes
 *
 * Invariants
 *  1. decode accepts exactly what encode gives: one body, one meaning.
 *  2. id = timestamp (big-endian) ‖ SHA-256(body), so ids sort by time.
 *  3. `body` is the bytes as received; it is what is hashed, stored and sent on.
 */
import { compareBytes, equalBytes } from "./bytes.ts";
import { sha256, type Hash } from "./hash.ts";
import type { Hlc } from "./hlc.ts";
import { PUBKEY_BYTES, type PubKey } from "./keys.ts";
import { CONDITION_COUNT_MAX, OPS_BYTES_MAX } from "./limits.ts";
import { STORE_ID_BYTES, ZERO_STORE_ID, type StoreId } from "./store-id.ts";

declare const idBrand: unique symbol;
/** 40 bytes: HLC, big-endian ‖ hash. */
export type IntentionId = Uint8Array & { readonly [idBrand]: true };

export const ID_BYTES = 40;
export const ZERO_ID = new Uint8Array(ID_BYTES) as IntentionId;

const VERSION = 1;
const SEQ_AT = 1 + STORE_ID_BYTES + PUBKEY_BYTES;
const TIMESTAMP_AT = SEQ_AT + 8;
const PREV_AT = TIMESTAMP_AT + 8;
const CONDITION_AT = PREV_AT + ID_BYTES;

/** An intention without condition and ops. */
export const BODY_BYTES_MIN = CONDITION_AT + 4 + 4;
export const BODY_BYTES_MAX = BODY_BYTES_MIN + CONDITION_COUNT_MAX * ID_BYTES + OPS_BYTES_MAX;

export interface IntentionFields {
  readonly storeId: StoreId;
  readonly author: PubKey;
  readonly seq: number;
  readonly timestamp: Hlc;
  readonly storePrev: IntentionId;
  readonly condition: readonly IntentionId[];
  readonly ops: Uint8Array;
}

export interface Intention extends IntentionFields {
  readonly body: Uint8Array;
  readonly hash: Hash;
  readonly id: IntentionId;
}

/** Why a body is no intention; a closed set, which is counted by reason. */
export type Malformed =
  | "version"
  | "length"
  | "seq"
  | "condition-count"
  | "condition-order"
  | "genesis-shape"
  | "ops-size";

export function encodeIntention(fields: IntentionFields): Intention {
  const { storeId, author, seq, timestamp, storePrev, condition, ops } = fields;
  const body = new Uint8Array(BODY_BYTES_MIN + condition.length * ID_BYTES + ops.length);
  const view = new DataView(body.buffer);
  body[0] = VERSION;
  body.set(storeId, 1);
  body.set(author, 1 + STORE_ID_BYTES);
  view.setBigUint64(SEQ_AT, BigInt(seq), true);
  view.setBigUint64(TIMESTAMP_AT, timestamp, true);
  body.set(storePrev, PREV_AT);
  view.setUint32(CONDITION_AT, condition.length, true);
  let at = CONDITION_AT + 4;
  for (const id of condition) {
    body.set(id, at);
    at += ID_BYTES;
  }
  view.setUint32(at, ops.length, true);
  body.set(ops, at + 4);
  const hash = sha256(body);
  return { ...fields, body, hash, id: makeId(timestamp, hash) };
}

/** Takes untrusted bytes. Fields are views into `body`, which must not be changed afterwards. */
export function decodeIntention(body: Uint8Array): Intention | Malformed {
  if (body.length < BODY_BYTES_MIN) return "length";
  if (body[0] !== VERSION) return "version";
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const seqHigh = view.getUint32(SEQ_AT + 4, true);
  if (seqHigh >= 1 << 21) return "seq";
  const seq = seqHigh * 2 ** 32 + view.getUint32(SEQ_AT, true);
  const conditionCount = view.getUint32(CONDITION_AT, true);
  if (conditionCount > CONDITION_COUNT_MAX) return "condition-count";
  const opsAt = CONDITION_AT + 4 + conditionCount * ID_BYTES;
  if (opsAt + 4 > body.length) return "length";
  const opsLength = view.getUint32(opsAt, true);
  if (opsLength > OPS_BYTES_MAX) return "ops-size";
  if (opsAt + 4 + opsLength !== body.length) return "length";

  const condition: IntentionId[] = [];
  for (let at = CONDITION_AT + 4; at < opsAt; at += ID_BYTES) {
    const id = body.subarray(at, at + ID_BYTES) as IntentionId;
    const before = condition.at(-1);
    if (before !== undefined && compareBytes(before, id) >= 0) return "condition-order";
    condition.push(id);
  }
  const storePrev = body.subarray(PREV_AT, CONDITION_AT) as IntentionId;
  const storeId = body.subarray(1, 1 + STORE_ID_BYTES) as StoreId;
  if (!hasGenesisShape({ seq, storeId, storePrev, conditionCount })) return "genesis-shape";

  const timestamp = view.getBigUint64(TIMESTAMP_AT, true) as Hlc;
  const hash = sha256(body);
  return {
    storeId,
    author: body.subarray(1 + STORE_ID_BYTES, SEQ_AT) as PubKey,
    seq,
    timestamp,
    storePrev,
    condition,
    ops: body.subarray(opsAt + 4),
    body,
    hash,
    id: makeId(timestamp, hash),
  };
}

/** seq 0, a zero store id, a zero parent and no condition come together or not at all. */
function hasGenesisShape(fields: {
  seq: number;
  storeId: StoreId;
  storePrev: IntentionId;
  conditionCount: number;
}): boolean {
  const zeroStore = equalBytes(fields.storeId, ZERO_STORE_ID);
  const zeroPrev = equalBytes(fields.storePrev, ZERO_ID);
  if (fields.seq === 0) return zeroStore && zeroPrev && fields.conditionCount === 0;
  return !zeroStore && !zeroPrev;
}

export function isGenesis(intention: IntentionFields): boolean {
  return intention.seq === 0;
}

/** The id of every intention that must be witnessed before this one. */
export function parentsOf(intention: IntentionFields): readonly IntentionId[] {
  return isGenesis(intention) ? [] : [intention.storePrev, ...intention.condition];
}

/**
 * Whether its signature stands for its author's previous intention, too (weaver.md §6): where it cites nothing else, so that
 * whoever can witness the one can witness the other.
 */
export function vouchesForPrev({ condition }: IntentionFields): boolean {
  return condition.length === 0;
}

export function makeId(timestamp: bigint, hash: Hash): IntentionId {
  const id = new Uint8Array(ID_BYTES);
  new DataView(id.buffer).setBigUint64(0, timestamp);
  id.set(hash, 8);
  return id as IntentionId;
}

export function idTimestamp(id: IntentionId): Hlc {
  return new DataView(id.buffer, id.byteOffset, ID_BYTES).getBigUint64(0) as Hlc;
}

export function idHash(id: IntentionId): Hash {
  return id.subarray(8, ID_BYTES) as Hash;
}

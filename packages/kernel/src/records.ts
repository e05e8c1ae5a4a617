/**
 * How rows of log.db are written. Core.
 *
 *   witness:  flags u8 ‖ wall time u64 ‖ chain hash [32] ‖ signature [64]? ‖ body
 *   floating: flags u8 ‖ received u64 ‖ signature [64] or voucher [40] ‖ body
 *   index:    wseq u64
 *   chain:    author ‖ seq u64 ‖ wseq u64 → nothing
 *   tips:     author → seq u64 ‖ id ‖ 01?; where the author forked, 01, and author ‖ id → seq u64 ‖ id of each other tip
 *   heads:    id → nothing
 *   waiting:  kind u8 ‖ what is awaited ‖ id → nothing
 *   forks:    author ‖ store_prev → nothing
 *   meta:     "head" → wseq u64 ‖ chain hash ‖ set sum ‖ greatest HLC u64 ‖ first 8 bytes of the SHA-256 of all that
 *
 * All numbers big-endian, so that keys sort.
 */
import {
  decodeIntention,
  equalBytes,
  ID_BYTES,
  LatticeError,
  readSeqBe,
  readU64be,
  SET_SUM_BYTES,
  SetSum,
  sha256,
  SIGNATURE_BYTES,
  toHex,
  writeU64be,
  type Hash,
  type Intention,
  type IntentionId,
} from "@lattice/model";

const SIGNED = 1;
const WITNESS_HEAD_BYTES = 1 + 8 + 32;
const FLOATING_HEAD_BYTES = 1 + 8;

export interface WitnessRecord {
  readonly wallMs: number;
  readonly chainHash: Hash;
  /** Absent where a later record of the same author vouches for this one. */
  readonly signature: Uint8Array | undefined;
  readonly body: Uint8Array;
}

export function encodeWitness(record: WitnessRecord): Uint8Array {
  const signatureBytes = record.signature === undefined ? 0 : SIGNATURE_BYTES;
  const out = new Uint8Array(WITNESS_HEAD_BYTES + signatureBytes + record.body.length);
  out[0] = record.signature === undefined ? 0 : SIGNED;
  writeU64be(out, record.wallMs, 1);
  out.set(record.chainHash, 9);
  if (record.signature !== undefined) out.set(record.signature, WITNESS_HEAD_BYTES);
  out.set(record.body, WITNESS_HEAD_BYTES + signatureBytes);
  return out;
}

/** undefined where the row is no such record. */
export function decodeWitness(row: Uint8Array): WitnessRecord | undefined {
  if (row.length < WITNESS_HEAD_BYTES || row[0]! > SIGNED) return undefined;
  const bodyAt = WITNESS_HEAD_BYTES + (row[0] === SIGNED ? SIGNATURE_BYTES : 0);
  const wallMs = readSeqBe(row, 1);
  if (row.length < bodyAt || !Number.isSafeInteger(wallMs)) return undefined;
  return {
    wallMs,
    chainHash: row.subarray(9, WITNESS_HEAD_BYTES) as Hash,
    signature: row[0] === SIGNED ? row.subarray(WITNESS_HEAD_BYTES, bodyAt) : undefined,
    body: row.subarray(bodyAt),
  };
}

export function chainHashAfter(before: Hash, hash: Hash, wallMs: number): Hash {
  const link = new Uint8Array(32 + 32 + 8);
  link.set(before);
  link.set(hash, 32);
  writeU64be(link, wallMs, 64);
  return sha256(link);
}

/** How a floating intention is authenticated: by itself, or by a later one of its author that floats too. */
export type Authentication =
  | { readonly kind: "signature"; readonly signature: Uint8Array }
  | { readonly kind: "voucher"; readonly id: IntentionId };

export interface FloatingRecord {
  readonly receivedMs: number;
  readonly authentication: Authentication;
  readonly body: Uint8Array;
}

export function encodeFloating(record: FloatingRecord): Uint8Array {
  const { authentication, body } = record;
  const proof = authentication.kind === "signature" ? authentication.signature : authentication.id;
  const out = new Uint8Array(FLOATING_HEAD_BYTES + proof.length + body.length);
  out[0] = authentication.kind === "signature" ? SIGNED : 0;
  writeU64be(out, record.receivedMs, 1);
  out.set(proof, FLOATING_HEAD_BYTES);
  out.set(body, FLOATING_HEAD_BYTES + proof.length);
  return out;
}

export function decodeFloating(row: Uint8Array): FloatingRecord | undefined {
  if (row.length < FLOATING_HEAD_BYTES || row[0]! > SIGNED) return undefined;
  const bodyAt = FLOATING_HEAD_BYTES + (row[0] === SIGNED ? SIGNATURE_BYTES : ID_BYTES);
  const receivedMs = readSeqBe(row, 1);
  if (row.length < bodyAt || !Number.isSafeInteger(receivedMs)) return undefined;
  const proof = row.subarray(FLOATING_HEAD_BYTES, bodyAt);
  return {
    receivedMs,
    authentication:
      row[0] === SIGNED
        ? { kind: "signature", signature: proof }
        : { kind: "voucher", id: proof as IntentionId },
    body: row.subarray(bodyAt),
  };
}

/** The end of the log, and what is known of all of it. */
export interface LogHead {
  readonly wseq: number;
  readonly chainHash: Hash;
  readonly setSum: SetSum;
  readonly maxTimestamp: bigint;
}

export const EMPTY_HEAD: LogHead = {
  wseq: 0,
  chainHash: new Uint8Array(32) as Hash,
  setSum: new SetSum(),
  maxTimestamp: 0n,
};

const HEAD_BYTES = 8 + 32 + SET_SUM_BYTES + 8;
/** Nothing else tells that this row is damaged, and a wrong greatest HLC spoils all that is written from then on. */
const CHECKSUM_BYTES = 8;

export function encodeLogHead(head: LogHead): Uint8Array {
  const out = new Uint8Array(HEAD_BYTES + CHECKSUM_BYTES);
  writeU64be(out, head.wseq, 0);
  out.set(head.chainHash, 8);
  out.set(head.setSum.encode(), 40);
  writeU64be(out, head.maxTimestamp, 40 + SET_SUM_BYTES);
  out.set(headChecksum(out), HEAD_BYTES);
  return out;
}

export function decodeLogHead(row: Uint8Array): LogHead | undefined {
  if (row.length !== HEAD_BYTES + CHECKSUM_BYTES) return undefined;
  if (!equalBytes(headChecksum(row), row.subarray(HEAD_BYTES))) return undefined;
  const setSum = SetSum.decode(row.subarray(40, 40 + SET_SUM_BYTES));
  const wseq = readSeqBe(row, 0);
  if (setSum === undefined || !Number.isSafeInteger(wseq)) return undefined;
  return {
    wseq,
    chainHash: row.slice(8, 40) as Hash,
    setSum,
    maxTimestamp: readU64be(row, 40 + SET_SUM_BYTES),
  };
}

function headChecksum(row: Uint8Array): Uint8Array {
  return sha256(row.subarray(0, HEAD_BYTES)).subarray(0, CHECKSUM_BYTES);
}

/** The row is not what this program wrote: the disk, or somebody else, changed it. */
export function corrupt(table: string, key: Uint8Array, what: string): LatticeError {
  const hex = toHex(key);
  return new LatticeError(
    "corrupt",
    `log.db is damaged: table ${table}, key ${hex}: ${what}; run "store rebuild" to keep what is sound and fetch the rest from peers`,
    { details: { table, key: hex } },
  );
}

/** A body that this node has stored before, so it must be one. */
export function storedIntention(table: string, key: Uint8Array, body: Uint8Array): Intention {
  const intention = decodeIntention(body);
  if (typeof intention === "string") throw corrupt(table, key, `malformed intention (${intention})`);
  return intention;
}

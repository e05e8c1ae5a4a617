import { concatBytes, makeId, sha256, u64be, type Hlc, type IntentionId, type PubKey } from "@lattice/model";
import type { Op, StoreType } from "@lattice/store";

/** An op with its place in the DAG. */
export interface MemoryOp {
  /** Its payload is undefined where `bytes` are none of the type's. */
  readonly op: Op<any>;
  /** The payload as it travels. */
  readonly bytes: Uint8Array;
  /** Ids of the DAG's heads that its author had seen. */
  readonly parents: readonly IntentionId[];
}

export interface OpFields {
  readonly author: PubKey;
  readonly seq: number;
  readonly timestamp: Hlc;
  readonly parents: readonly IntentionId[];
  readonly bytes: Uint8Array;
}

/** An op by any author, honest or not: nothing of it is checked. */
export function composeOp(type: StoreType, fields: OpFields): MemoryOp {
  const { author, seq, timestamp, parents, bytes } = fields;
  const hash = sha256(concatBytes(author, u64be(seq), u64be(timestamp), ...parents, bytes));
  const id = makeId(timestamp, hash);
  return { op: { id, hash, author, seq, timestamp, payload: decodePayload(type, bytes) }, bytes, parents };
}

/** The op as it is read from a log: whoever gets it may keep or change it. Undefined where it has no payload. */
export function readOp(type: StoreType, { op, bytes }: MemoryOp): Op<any> | undefined {
  const payload = decodePayload(type, bytes);
  return payload === undefined ? undefined : { ...op, payload };
}

function decodePayload(type: StoreType, bytes: Uint8Array): object | undefined {
  try {
    return type.payload.fromBinary(bytes) as object;
  } catch {
    return undefined;
  }
}

/** An op with its place, and so with its hash and id: the same wherever it is composed. */
import { makeId, sha256Parts, u64be, utf8, type Hash, type IntentionId } from "@lattice/model";
import type { Op, StoreType } from "@lattice/store";
import type { OpRow } from "./store-rows.ts";
import type { StoreOp } from "./store-request.ts";

const DOMAIN = utf8("lattice cluster op\0");

export interface PlacedOp extends OpRow {
  readonly seq: number;
}

/** `storeId` keeps the ops of stores apart that are otherwise alike. */
export function placeOp(storeId: Uint8Array, op: StoreOp): PlacedOp {
  const { seq, author, timestamp, schema, payload } = op;
  const place = [storeId, u64be(seq), author, u64be(timestamp), u64be(schema)];
  const hash: Hash = sha256Parts(DOMAIN, ...place, payload);
  const id: IntentionId = makeId(timestamp, hash);
  return { id, hash, author, timestamp, schema, payload, seq };
}

/** As the type's `apply` takes it; undefined where the bytes are no payload of its. */
export function readOp(
  type: StoreType,
  { id, hash, author, seq, timestamp, payload }: PlacedOp,
): Op<unknown> | undefined {
  try {
    return {
      id,
      hash,
      author,
      seq,
      timestamp,
      payload: type.payload.fromBinary(new Uint8Array(payload)) as object,
    };
  } catch {
    return undefined;
  }
}

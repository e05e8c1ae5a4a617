/** What an intention asks for, as far as it can be decoded; undefined where it cannot. */
import type { Intention } from "@lattice/model";
import { weaver } from "@lattice/proto";
import type { Op, StoreType } from "@lattice/store";

export function decodeOps(intention: Intention): weaver.Ops | undefined {
  try {
    return weaver.Ops.fromBinary(intention.ops);
  } catch {
    return undefined;
  }
}

export function decodePayload(
  type: StoreType,
  intention: Intention,
  payload: Uint8Array,
): Op<any> | undefined {
  const { id, hash, author, seq, timestamp } = intention;
  try {
    return { id, hash, author, seq, timestamp, payload: type.payload.fromBinary(payload) };
  } catch {
    return undefined;
  }
}

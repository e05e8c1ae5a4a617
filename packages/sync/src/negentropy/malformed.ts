import { LatticeError } from "@lattice/model";

/** Why a message is none; a closed set, which is counted by reason. */
export type MalformedMessage =
  | "empty"
  | "size"
  | "version"
  | "truncated"
  | "varint"
  | "mode"
  | "timestamp"
  | "prefix-length"
  | "infinity-prefix"
  | "bounds-order"
  | "after-infinity"
  | "list-count";

/** What every message that cannot be read comes to: `invalid-argument`, the reason in its details. */
export function malformed(reason: MalformedMessage): LatticeError {
  return new LatticeError("invalid-argument", `malformed reconciliation message: ${reason}`, {
    details: { reason },
  });
}

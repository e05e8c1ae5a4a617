import { sha256Parts, type SetSum } from "@lattice/model";
import { FINGERPRINT_BYTES } from "./limits.ts";
import { encodeVarint } from "./varint.ts";

/**
 * The start of SHA-256(sum of the hashes, 32 bytes little-endian ‖ varint of their count). Equal fingerprints are
 * taken for equal sets: whoever can choose the hashes can make that wrong (see `SetSum`), and then hides
 * his own intentions from reconciliation, never makes anybody accept one.
 */
export function fingerprintOf(set: SetSum): Uint8Array {
  return sha256Parts(set.sum(), encodeVarint(set.count)).subarray(0, FINGERPRINT_BYTES);
}

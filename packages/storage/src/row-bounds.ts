/** What the port says of keys and values that are written. */
import { LatticeError } from "@lattice/model";
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from "./limits.ts";

export function checkRow(key: Uint8Array, value: Uint8Array): void {
  if (key.length === 0) throw new LatticeError("invalid-argument", "a row has an empty key");
  if (key.length > KEY_BYTES_MAX) {
    throw new LatticeError("too-large", `a key has ${key.length} bytes, more than ${KEY_BYTES_MAX}`);
  }
  if (value.length > VALUE_BYTES_MAX) {
    throw new LatticeError("too-large", `a value has ${value.length} bytes, more than ${VALUE_BYTES_MAX}`);
  }
}

/** What commands and queries say of a request that is out of bounds. */
import { LatticeError } from "@lattice/model";
import { formatBytes } from "./format-bytes.ts";
import type { KvWrite } from "./gen/lattice/kvstore/v1/kvstore.ts";
import {
  BATCH_BYTES_MAX,
  KEY_BYTES_MAX,
  SUPERSEDED_BYTES,
  VALUE_BYTES_MAX,
  WRITE_OVERHEAD_BYTES,
} from "./limits.ts";

export function checkKey(key: Uint8Array): void {
  if (key.length === 0)
    throw new LatticeError("invalid-argument", "the key is empty; give one of 1 byte or more");
  checkKeyBound("key", key);
}

/** For a prefix, a bound or a cursor, which may be empty. */
export function checkKeyBound(what: string, bytes: Uint8Array): void {
  if (bytes.length > KEY_BYTES_MAX) {
    throw new LatticeError(
      "too-large",
      `the ${what} has ${bytes.length} bytes; at most ${KEY_BYTES_MAX} are allowed`,
    );
  }
}

export function checkValue(key: Uint8Array, value: Uint8Array): void {
  if (value.length > VALUE_BYTES_MAX) {
    throw new LatticeError(
      "too-large",
      `the value of ${formatBytes(key)} has ${value.length} bytes; at most ${VALUE_BYTES_MAX} (512 KiB) are allowed`,
    );
  }
}

export function checkWrites(writes: readonly KvWrite[]): void {
  let bytes = 0;
  for (const write of writes) {
    bytes += write.key.length + (write.value?.length ?? 0) + WRITE_OVERHEAD_BYTES;
    bytes += write.supersedes.length * SUPERSEDED_BYTES;
  }
  if (bytes > BATCH_BYTES_MAX) {
    throw new LatticeError(
      "too-large",
      `the batch has ${bytes} bytes; at most ${BATCH_BYTES_MAX} (1 MiB) are allowed: split it`,
    );
  }
}

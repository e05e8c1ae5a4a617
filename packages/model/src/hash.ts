import { createHash, hash as nodeHash } from "node:crypto";
import { concatBytes } from "./bytes.ts";

declare const hashBrand: unique symbol;

/** SHA-256, 32 bytes (weaver.md §1). */
export type Hash = Uint8Array & { readonly [hashBrand]: true };

export const HASH_BYTES = 32;

export function sha256(data: Uint8Array): Hash {
  return plain(nodeHash("sha256", data, "buffer"));
}

/** SHA-256 over the parts, one after the other. Joining what is short costs less than a hash that is fed. */
export function sha256Parts(...parts: readonly Uint8Array[]): Hash {
  return sha256(concatBytes(...parts));
}

/** The same of any number of parts: a call takes only so many arguments. */
export function sha256All(parts: Iterable<Uint8Array>): Hash {
  const hasher = createHash("sha256");
  for (const part of parts) hasher.update(part);
  return plain(hasher.digest());
}

export function isHash(bytes: Uint8Array): bytes is Hash {
  return bytes.length === HASH_BYTES;
}

/** A Buffer's `slice` is a view where everybody expects a copy. */
function plain(buffer: Buffer): Hash {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length) as Hash;
}

import { hash as nodeHash, createHash } from "node:crypto";

declare const hashBrand: unique symbol;

/** SHA-256, 32 bytes (weaver.md §1). */
export type Hash = Uint8Array & { readonly [hashBrand]: true };

export const HASH_BYTES = 32;

export function sha256(data: Uint8Array): Hash {
  return plain(nodeHash("sha256", data, "buffer"));
}

/** SHA-256 over the parts, one after the other, without joining them first. */
export function sha256Parts(...parts: readonly Uint8Array[]): Hash {
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

import { hash as nodeHash, createHash } from "node:crypto";

declare const hashBrand: unique symbol;

/** SHA-256, 32 bytes (weaver.md §1). */
export type Hash = Uint8Array & { readonly [hashBrand]: true };

export const HASH_BYTES = 32;

export function sha256(data: Uint8Array): Hash {
  return nodeHash("sha256", data, "buffer") as unknown as Hash;
}

/** SHA-256 over the parts, one after the other, without joining them first. */
export function sha256Parts(...parts: readonly Uint8Array[]): Hash {
  const hasher = createHash("sha256");
  for (const part of parts) hasher.update(part);
  return hasher.digest() as unknown as Hash;
}

export function isHash(bytes: Uint8Array): bytes is Hash {
  return bytes.length === HASH_BYTES;
}

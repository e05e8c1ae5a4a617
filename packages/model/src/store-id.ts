import { toHex } from "./bytes.ts";
import type { Hash } from "./hash.ts";

declare const storeIdBrand: unique symbol;
/** 16 bytes, a UUID of version 8 made from the hash of the genesis (weaver.md §2). */
export type StoreId = Uint8Array & { readonly [storeIdBrand]: true };

export const STORE_ID_BYTES = 16;
export const ZERO_STORE_ID = new Uint8Array(STORE_ID_BYTES) as StoreId;

export function storeIdOf(genesisHash: Hash): StoreId {
  const id = new Uint8Array(genesisHash.subarray(0, STORE_ID_BYTES));
  id[6] = (id[6]! & 0x0f) | 0x80;
  id[8] = (id[8]! & 0x3f) | 0x80;
  return id as StoreId;
}

/** The usual form, 8-4-4-4-12 hex digits. */
export function formatStoreId(id: StoreId): string {
  const hex = toHex(id);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

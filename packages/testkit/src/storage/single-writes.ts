/** One write, in a transaction of its own. */
import type { Storage } from "@lattice/storage";

export function put(storage: Storage, table: string, key: Uint8Array, value: Uint8Array): void {
  storage.transaction((open) => open(table).put(key, value));
}

export function remove(storage: Storage, table: string, key: Uint8Array): boolean {
  return storage.transaction((open) => open(table).delete(key));
}

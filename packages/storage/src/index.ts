export { claimDirectory } from "./claim-directory.ts";
export type { LockFile } from "./lock-file.ts";
export { KEY_BYTES_MAX, VALUE_BYTES_MAX, VIEW_COUNT_MAX } from "./limits.ts";
export {
  openLmdbStorage,
  removeLmdbStorage,
  type LmdbStorage,
  type LmdbStorageOptions,
} from "./lmdb/lmdb-storage.ts";
export { syncDirectory } from "./lmdb/sync-file.ts";
export { MemoryStorage, type MemoryStorageOptions } from "./memory-storage.ts";
export { SortedMap } from "./sorted-map.ts";
export type { KeyBounds } from "./key-bounds.ts";
export type * from "./storage.ts";

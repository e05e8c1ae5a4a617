export { openLmdbStorage, removeLmdbStorage, type LmdbStorage, type LmdbStorageOptions } from "./lmdb/lmdb-storage.ts";
export * from "./limits.ts";
export { MemoryStorage, type MemoryStorageOptions } from "./memory-storage.ts";
export { SortedMap } from "./sorted-map.ts";
export type * from "./storage.ts";

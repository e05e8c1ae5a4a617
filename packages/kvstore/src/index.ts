export { KvStoreClient } from "./gen/lattice/kvstore/v1/kvstore.client.ts";
export * as kvstoreV1 from "./gen/lattice/kvstore/v1/kvstore.ts";
export { kvstore } from "./kvstore.ts";
export { BATCH_BYTES_MAX, KEY_BYTES_MAX, VALUE_BYTES_MAX } from "./limits.ts";

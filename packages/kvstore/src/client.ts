/** The service as whoever calls it needs it, without the store behind it: a browser can load it. */
export { KvStoreClient } from "./gen/lattice/kvstore/v1/kvstore.client.ts";
export * as kvstoreV1 from "./gen/lattice/kvstore/v1/kvstore.ts";

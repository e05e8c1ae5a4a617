export { LogStoreClient } from "./gen/lattice/logstore/v1/logstore.client.ts";
export * as logstoreV1 from "./gen/lattice/logstore/v1/logstore.ts";
export { CONTENT_BYTES_MAX } from "./limits.ts";
export { logstore } from "./logstore.ts";

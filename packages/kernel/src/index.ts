export { inPastOf, parentsOf } from "./causal-past.ts";
export { createGenesis, parseGenesis, verifyGenesis, type NewGenesis } from "./genesis.ts";
export {
  decodeIdentity,
  encodeIdentity,
  unsealSeed,
  type ExportedIdentity,
  type SealedIdentity,
} from "./exported-identity.ts";
export { loadIdentity, loadIdentitySeed, placeIdentitySeed, readIdentitySeed } from "./identity.ts";
export { directoryPlace, storePaths, type DirectoryPlaceOptions } from "./directory-place.ts";
export { emptyReport, type IngestReport, type Offered } from "./ingest.ts";
export type { Floating } from "./floating.ts";
export { WitnessLog, type Fork, type Tip, type Witnessed } from "./log.ts";
export { openStore, openStoreAt, type OpenStoreAtOptions, type OpenStoreOptions } from "./open-store.ts";
export { toBatches, type Batch } from "./outgoing.ts";
export type { StorePlace } from "./place.ts";
export { decodeOps } from "./decode-ops.ts";
export type { Projected, TableSum } from "./projection.ts";
export { rebuildStore, type RebuiltLog } from "./rebuild.ts";
export { Replica, type Outcome, type ReplicaOptions } from "./replica.ts";
export { Store, type StoreListener, type StoreOptions } from "./store.ts";
export { LOG_TABLES, stateTables } from "./tables.ts";
export { verifyStore, type Verification } from "./verify.ts";

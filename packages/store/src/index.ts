// What a store type meets of the model, so that a package with one needs no other package of this project.
export {
  compareBytes,
  LatticeError,
  type ErrorCode,
  type Hash,
  type Hlc,
  type IntentionId,
  type PubKey,
} from "@lattice/model";
export type * from "./contest.ts";
export type * from "./context.ts";
export { damagedState } from "./damaged-state.ts";
export {
  defineStore,
  isStoreType,
  type StoreDefinition,
  type StoreMethod,
  type StoreType,
} from "./define-store.ts";
export { serviceInfoOf, type CallOptions, type Methods, type ServiceClass } from "./methods.ts";
export {
  Refusal,
  type Op,
  type StateRange,
  type StateReader,
  type StateTable,
  type StateTableReader,
  type StateTx,
} from "./state.ts";

export type * from "./context.ts";
export { defineStore, type StoreDefinition, type StoreMethod, type StoreType } from "./define-store.ts";
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

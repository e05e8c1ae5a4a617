/** The store types that there are, without the node that runs them: for whatever else can. */
export { loadStoreTypes } from "./load-store-types.ts";
export { shippedStoreTypes } from "./store-types.ts";

import { kvstore } from "@lattice/kvstore";
import { logstore } from "@lattice/logstore";
import type { StoreType } from "@lattice/store";

/** The store types that ship. The first is what `store create` makes when nothing else is said. */
export const shippedStoreTypes: readonly StoreType[] = [kvstore, logstore];

import type { daemon } from "@lattice/proto";
import type { StoreMethods } from "../data/store-methods.ts";

/** What a view of a store that works with the methods of its type is given. */
export interface StoreTabProps {
  readonly store: daemon.Store;
  /** Its id in hex. */
  readonly id: string;
  readonly methods: StoreMethods;
  /** What of the store is looked at, if anything: a key in hex, the name of a method. */
  readonly item: string | undefined;
}

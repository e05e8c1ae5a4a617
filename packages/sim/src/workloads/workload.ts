/** What is done with stores of one type, and what must hold of them. Contributors write one for a type of their own. */
import type { Intention, PubKey } from "@lattice/model";
import type { Store } from "@lattice/kernel";
import type { StoreType } from "@lattice/store";
import type { Prng } from "../prng.ts";

/** A client that follows a store, across crashes of its node; a new one of them starts from nothing. */
export interface Mirror {
  /** Follows until the stream ends. Called again when the store was opened again. */
  follow(store: Store, signal: AbortSignal): Promise<void>;
  /** What it believes, and what the store says: the same once nothing moves any more. */
  text(): string;
  expected(store: Store): Promise<string>;
}

export interface Workload {
  readonly type: StoreType;
  /**
   * Writes something, drawn from `random`, through the store's own methods. Rejects as the methods do. Resolves with the
   * hashes of what was written: each of them is acknowledged.
   */
  write(store: Store, random: Prng): Promise<readonly Uint8Array[]>;
  /**
   * Compares the state with what the intentions of the log say (those that count, in the order of the log). Throws where
   * they differ. `isHonest` says whose intentions nobody can have meddled with.
   */
  check?(
    store: Store,
    intentions: readonly Intention[],
    isHonest: (author: PubKey) => boolean,
  ): Promise<void>;
  mirror?(): Mirror;
}

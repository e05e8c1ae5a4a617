import type { Hash, IntentionId, PubKey } from "@lattice/model";
import type { Op, StateReader } from "./state.ts";

// What a context can do it has as properties, so that a handler may take them out: `{ read, changes }`.

/** What a query may do: read. */
export interface QueryContext<Payload> {
  readonly read: StateReader;
  /** The op of one intention of this store; undefined where it is not held, or is no op of the store's type. */
  readonly op: (id: IntentionId) => Op<Payload> | undefined;
}

export interface Submitted {
  readonly id: IntentionId;
  readonly hash: Hash;
}

/**
 * What a command may do: read, and submit. All that happens before its first `await` is one step: nobody writes in
 * between.
 */
export interface CommandContext<Payload> extends QueryContext<Payload> {
  /** This node's own key, under which the op will stand. */
  readonly author: PubKey;
  /** Applies at once; resolves when it is on disk. */
  readonly submit: (payload: Payload) => Promise<Submitted>;
}

/** What one durable op, or several, changed. */
export interface Change<Event> {
  readonly kind: "change";
  readonly events: readonly Event[];
  readonly position: Uint8Array;
}

/** Changes were dropped because the consumer lagged: read the state again. */
export interface Gap {
  readonly kind: "gap";
  readonly position: Uint8Array;
}

export interface StreamContext<Payload, Event> extends QueryContext<Payload> {
  /** Names the present state of this node's copy; opaque, 16 bytes. */
  readonly position: () => Uint8Array;
  /** Ops that were applied after `position`, oldest first; undefined where it is none of this node's. */
  readonly opsSince: (position: Uint8Array) => Iterable<Op<Payload>> | undefined;
  /**
   * Changes from this call on (not from the first read of it on). At most 1,024 wait for a slow consumer; then they are
   * dropped and replaced by one gap.
   */
  readonly changes: (signal: AbortSignal) => AsyncIterable<Change<Event> | Gap>;
}

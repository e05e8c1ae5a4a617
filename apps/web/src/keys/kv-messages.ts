/** What the service `lattice.kvstore.v1.KvStore` says, as this view uses it. */

export interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly conflicted: boolean;
}

export interface ListReply {
  readonly entries: readonly Entry[];
  /** `cursor` of the page behind; empty at the end. */
  readonly next: Uint8Array;
}

/** A write of a key that nothing has superseded, or that something has. */
export interface Head {
  readonly hash: Uint8Array;
  readonly author: Uint8Array;
  readonly timestamp: bigint;
  /** Absent for a removal. */
  readonly value?: Uint8Array;
}

export interface InspectReply {
  /** The winner first. */
  readonly heads: readonly Head[];
}

export interface HistoryReply {
  /** The latest first. */
  readonly writes: readonly Head[];
  readonly next: Uint8Array;
}

export interface CountReply {
  readonly count: bigint;
}

export const WATCH = { PUT: 1, DELETE: 2, READY: 3, GAP: 4 } as const;

export interface WatchEvent {
  readonly kind: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly conflicted: boolean;
  /** Empty while what was there at the start is told. */
  readonly resume: Uint8Array;
}

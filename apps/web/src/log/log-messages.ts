/** What the service `lattice.logstore.v1.LogStore` says, as this view uses it. */

export interface LogEntry {
  readonly content: Uint8Array;
  readonly timeMs: bigint;
  readonly author: Uint8Array;
  readonly hash: Uint8Array;
  /** Place in the order. */
  readonly cursor: Uint8Array;
}

export interface ReadReply {
  readonly entries: readonly LogEntry[];
  readonly next: Uint8Array;
}

export interface CountReply {
  readonly count: bigint;
}

export const FOLLOW = { ENTRY: 1, READY: 2, GAP: 3 } as const;

export interface FollowEvent {
  readonly kind: number;
  readonly entry?: LogEntry;
  /** Empty while what was there at the start is told. */
  readonly resume: Uint8Array;
}

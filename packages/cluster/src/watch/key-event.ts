/** What watchers are told: changes of keys, in the order of their revisions. */
export interface KeyEvent {
  readonly revision: number;
  readonly key: Uint8Array;
  readonly isDelete: boolean;
  /** As field `events` of a `WatchResponse`, tag and length included; with the value that the key had before, or without. */
  encoded(withPrevious: boolean): Uint8Array;
}

/** What one revision changed: all of it, or what a watch wants of it. */
export interface RevisionEvents {
  readonly revision: number;
  readonly events: readonly KeyEvent[];
}

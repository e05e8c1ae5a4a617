/** Bounds of the suites and fakes. */

/** Changes that wait for a consumer of a `MemoryReplica` that lags; the contract of streams names it. */
export const CHANGES_PENDING_MAX = 1024;
/** Where the clock of a `MemoryReplica` starts, an HLC: the first millisecond. */
export const CLOCK_START = 1n << 16n;

/** Random cases that a check of a store type tries, where its options name no other number. */
export const RUNS_DEFAULT = 60;
/** Ops of a random DAG. Faults of order show with three or four; more only cost time. */
export const DAG_COUNT_MAX = 12;
/** From how many authors one has fetched before it writes: the fewer, the more is concurrent. */
export const PULLS_MAX = 2;
/** DAGs of up to so many ops are delivered in every order there is: at most 120. */
export const EVERY_ORDER_COUNT_MAX = 5;
/** How deep messages nest in a random message. */
export const MESSAGE_DEPTH_MAX = 3;
/** Turns of the event loop within which a stream tells what it has, or ends: nothing here waits for anything else. */
export const TURNS_MAX = 50;
/** Events after which a stream is taken to be endless. */
export const STREAM_EVENTS_MAX = 10_000;

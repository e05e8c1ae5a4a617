/** Bounds of the suites and fakes. */
import { OPS_BYTES_MAX } from "@lattice/model";

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
/** Microtasks that waiting for one event may take; what happens behind more of them is not looked at. */
export const MICROTASKS_MAX = 12;
/** Moments at which ops are applied while a stream is read; of a stream that has more, an even choice. */
export const POINTS_MAX = 24;

/**
 * In bytes, for texts and byte strings of requests: what a key may have, so that nothing fits beside it; what none may
 * have; and as much as fits into one op, a few of which no row may have.
 */
export const LARGE_BYTES = [4 << 10, 5_000, (1 << 20) - (2 << 10)] as const;
/** So often is a large request repeated, for rows that grow. */
export const LARGE_CALLS = 3;
/** Of an op in an intention; what stands around a payload takes the rest of `OPS_BYTES_MAX`. */
export const PAYLOAD_BYTES_MAX = OPS_BYTES_MAX - 16;

/** Bounds of the key space. In bytes, unless they say otherwise. */

/** With what a table puts before it, a key fits into a row of the storage. etcd knows no bound of its own. */
export const KEY_BYTES_MAX = 4_096;
/** Key and value of one change: a request of 1.5 MiB, with room below what a row of the storage takes. */
export const CHANGE_BYTES_MAX = (2 << 20) - 4_096;
/**
 * The history is kept in blocks of so much, or of one change that is larger: what LMDB puts into a page of 4 KiB that has nothing
 * else in it. Measured: twice as much makes writing a tenth cheaper and reading single values a third dearer; half of it
 * makes both dearer.
 */
export const BLOCK_BYTES = 4_080;

/** etcd's, in seconds. */
export const LEASE_TTL_MAX_S = 9_000_000_000n;

/** Keys that a long read looks at before it lets others go on: a millisecond or two. */
export const KEYS_PER_STEP = 500;
/** Blocks that a hash takes in before it lets others go on. */
export const BLOCKS_PER_STEP = 100;
/** A range is deleted by so many keys at a time, so that they need not all be in memory. */
export const KEYS_PER_DELETE = 1_000;

/** A piece of a dump. */
export const PIECE_BYTES_MAX = 256 << 10;

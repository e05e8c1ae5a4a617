/** Bounds of the port, and those that its implementation over LMDB is tuned by. In bytes. */

/** A store's keys are up to 4 KiB; this leaves room for what a table puts before them. */
export const KEY_BYTES_MAX = 4_200;
/** An intention's body (1 MiB of operations, model's `OPS_BYTES_MAX`) with room for what is kept beside it. */
export const VALUE_BYTES_MAX = 2 << 20;

/**
 * Written rows that are held in memory before they are merged. Measured with eight rows a transaction: a
 * merge of 1 MiB holds up the event loop for some 10 ms; four times as much is a tenth faster under 64
 * writers and holds it up for 40 ms.
 */
export const OVERLAY_BYTES_MAX = 1 << 20;
/** A flush of one small transaction takes a page, so this is 2,048 of them; replayed in some 30 ms. */
export const JOURNAL_BYTES_MAX = 8 << 20;
/** A journal so many times longer shows that LMDB cannot be written to; from there on flushes fail. */
export const JOURNAL_GROWTH_MAX = 8;
/** The journal grows by this, filled with zeros, so that most flushes need no change of the file system. */
export const JOURNAL_STEP_BYTES = 256 << 10;
/** A flush of more is merged at once: two syncs and pages copied cost less than to write all of it twice. */
export const FRAME_BYTES_MAX = 256 << 10;

/**
 * LMDB's limit with pages of 4 KiB is 1,978; this leaves room for the hash and the mark of a key that is
 * continued (see `LmdbTable`). Part of the format of the file.
 */
export const KEY_PART_BYTES = 1_900;

/** Views that are open at the same time; LMDB has room for 126 readers in a file's lock. */
export const VIEW_COUNT_MAX = 8;

/** Of a file, in the address space of the process. It may be longer; it costs no memory where it is shorter. */
export const MAP_BYTES = 8 * 2 ** 30;
/**
 * Written to a file that is kept in checkpoints before the memory is let go that its pages take. A map is renewed in
 * a few milliseconds, and pages that are looked at again come back from the cache of the system.
 */
export const MAP_RENEWAL_BYTES = 24 << 20;

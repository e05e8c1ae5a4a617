/** Bounds of the reconciliation (weaver.md §6). */
import { FRAME_BYTES_MAX, HASH_BYTES } from "@lattice/model";

/** Into how many parts a range is split; a choice of each side, 16 as in the other implementations. */
export const BUCKET_COUNT = 16;
/** A range of ours with fewer ids than this is listed and not split. */
export const LIST_COUNT_BELOW = 2 * BUCKET_COUNT;
/** Set by the protocol. */
export const FINGERPRINT_BYTES = 16;

/** The infinity timestamp is 1 byte, every other one at most ceil(64 / 7). */
export const TIMESTAMP_BYTES_MAX = 10;
/** Timestamp, length of the prefix, prefix. */
export const BOUND_BYTES_MAX = TIMESTAMP_BYTES_MAX + 1 + HASH_BYTES;
/** A bound and the mode. */
export const SKIP_BYTES_MAX = BOUND_BYTES_MAX + 1;

/** The least limit for a message that we send: room for a split and what must come around it, and to spare. */
export const FRAME_BYTES_MIN = 4096;
/** The longest message that is looked at: no frame between two nodes is longer. */
export const MESSAGE_BYTES_MAX = FRAME_BYTES_MAX;
/**
 * How many ranges of one message are answered one by one. What lies beyond is answered by one fingerprint, so
 * an honest peer that sends more loses a round and nothing else.
 */
export const RANGES_MAX = 1 << 16;
/** Where the initiator stops collecting what only it has; the rest comes out in later rounds. */
export const HAVE_COUNT_MAX = 1 << 16;

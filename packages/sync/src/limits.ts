/** Bounds of a sync session (weaver.md §6). */

/** Tips in one part of a frontier; some 90 bytes each. */
export const FRONTIER_PART_COUNT = 8192;
/** Tips that a peer may announce in all. */
export const FRONTIER_COUNT_MAX = 1 << 17;
/** Ids that wait to be served to one peer; what is beyond is asked for again by the next comparison. */
export const SERVE_COUNT_MAX = 1 << 16;
/** Ids in one request for missing parents. */
export const FETCH_COUNT_MAX = 4096;
/** Ids received from a peer that are remembered so as not to be sent back. */
export const ECHO_COUNT_MAX = 1 << 16;
/** Control frames that may wait for one peer; only a peer that floods and does not read gets there. */
export const CONTROL_COUNT_MAX = 1024;
/** A message of the reconciliation. */
export const RECONCILE_BYTES_MAX = 64 << 10;
/** log16 of a set that fits a disk, with room to spare for what changes meanwhile. */
export const RECONCILE_ROUNDS_MAX = 64;
/** How often two sides compare when nothing else makes them. */
export const COMPARE_EVERY_MS = 30_000;
/** Invalid intentions that a peer may send in one session before it is closed. */
export const REJECTS_MAX = 64;
export const ADDRESSES_COUNT_MAX = 64;
export const ADDRESS_CHARS_MAX = 256;
export const PROTOCOL_VERSION = 1;
/** How long a peer may take for its first frame. */
export const HELLO_WAIT_MS = 10_000;
/** How long a join may take until it is answered. */
export const JOIN_WAIT_MS = 30_000;

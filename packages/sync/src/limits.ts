/** Bounds of a sync session (weaver.md §6). */

/** Fields of one frame, at all depths: a full part of a frontier has four a tip, and is the most that is ever sent. */
export const FRAME_FIELD_COUNT_MAX = 1 << 16;
/** Tips in one part of a frontier; some 90 bytes each. */
export const FRONTIER_PART_COUNT = 8192;
/** Tips that a peer may announce in all. */
export const FRONTIER_COUNT_MAX = 1 << 17;
/** Ids that wait to be served to one peer; what is beyond is asked for again by the next comparison. */
export const SERVE_COUNT_MAX = 1 << 16;
/** Of these, how many are looked up at a time. */
export const SERVE_STEP_COUNT = 1024;
/** How many places of one author's chain are looked up at a time while a debt is paid, and of all authors together. */
export const DEBT_STEP_COUNT = 64;
export const DEBT_PLACES_MAX = 1 << 16;
/** Ids in one request for missing parents. */
export const FETCH_COUNT_MAX = 4096;
/** Control frames that may wait for one peer; only a peer that floods and does not read gets there. */
export const CONTROL_COUNT_MAX = 1024;
/** A message of the reconciliation. */
export const RECONCILE_BYTES_MAX = 64 << 10;
/** log16 of a set that fits a disk, with room to spare for what changes meanwhile. */
export const RECONCILE_ROUNDS_MAX = 64;
/** How often one that was cut short by that is taken up again at once: a few thousand differences fit a round. */
export const RECONCILE_CUT_SHORT_MAX = 8;
/** How often two sides compare when nothing else makes them. */
export const COMPARE_EVERY_MS = 30_000;
/** Invalid intentions that a peer may send in one session before it is closed. */
export const REJECTS_MAX = 64;
/** Of what a peer says in words. */
export const REASON_CHARS_MAX = 500;
export const ADDRESSES_COUNT_MAX = 64;
export const ADDRESS_CHARS_MAX = 256;
export const PROTOCOL_VERSION = 1;
/** How long a peer may take for its first frame. */
export const HELLO_WAIT_MS = 10_000;
/** How long a join may take until it is answered. */
export const JOIN_WAIT_MS = 30_000;
/** How long this node does not write while a peer that claims to hold more of its chain sends nothing. */
export const OWN_CHAIN_WAIT_MS = 30_000;

/** Bounds of a member. */

/** Of the requests that share an entry. One that is larger has an entry of its own. */
export const ENTRY_BYTES_MAX = 1 << 20;
/** Requests of this member that wait to be proposed. Past it they are refused. */
export const QUEUED_REQUESTS_MAX = 100_000;
export const QUEUED_BYTES_MAX = 64 << 20;
/** Reads that wait at this member. */
export const WAITING_READS_MAX = 100_000;

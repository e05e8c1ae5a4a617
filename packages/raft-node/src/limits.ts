/** Bounds of a member. */

/** Of a request: what the network carries in one message, and something over. */
export const REQUEST_BYTES_MAX = 32 << 20;
/** Of the requests that share an entry. One that is larger has an entry of its own. */
export const ENTRY_BYTES_MAX = 1 << 20;
/** Of entries that are applied in one go: thousands of requests, while which nothing else happens. */
export const APPLY_BYTES = 1 << 20;
/** Requests of this member that wait to be proposed. Past it they are refused. */
export const QUEUED_REQUESTS_MAX = 100_000;
export const QUEUED_BYTES_MAX = 64 << 20;
/** Reads that wait at this member. */
export const WAITING_READS_MAX = 100_000;

/** A snapshot is taken, and the log cut off, once so many entries have been applied since the last; etcd's `--snapshot-count`. */
export const SNAPSHOT_COUNT_DEFAULT = 1000;
/** Or so many bytes of them: they are in the memory of the log, and what they changed in that of the state machine. */
export const SNAPSHOT_BYTES = 4 << 20;
/** What is kept of the log in front of a snapshot, for followers that are a little behind: so many entries, or bytes. */
export const TAIL_COUNT = 5000;
export const TAIL_BYTES = 8 << 20;

/** How long a follower that nobody waits at may not know that something is committed, in milliseconds. */
export const COMMIT_NEWS_MS = 2;

/** Of a piece of a snapshot. */
export const PIECE_BYTES_MAX = 64 << 20;
/** Of a snapshot's file, at once. */
export const READ_BYTES = 1 << 20;
/** After a snapshot could not be made, it is tried again so much later. */
export const SNAPSHOT_RETRY_MS = 1000;
/** A follower that says nothing for so many election timeouts is not sent a snapshot any more: the log is not kept for it. */
export const SILENT_TIMEOUTS_MAX = 10;

/** A member whose disk was full looks this often whether there is room again. */
export const RESUME_POLL_MS = 1000;
export const ROOM_BYTES = 64 << 20;

/** Between two tries to be replaced, or to become a voter. */
export const REPLACE_RETRY_MS = 200;

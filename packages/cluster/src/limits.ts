/** Bounds of a member and its services. Those that are etcd's say so; its clients may count on them. */

/** etcd's `--max-request-bytes`: of a request as it is proposed. */
export const REQUEST_BYTES_MAX = 1.5 * 1024 * 1024;
/** etcd takes so much more in a message of gRPC, so that its own error is what a client gets. */
export const MESSAGE_OVERHEAD_BYTES = 512 << 10;
/** etcd's `--max-txn-ops`. */
export const TXN_OPS_MAX = 128;
/** etcd's; of a request, two election timeouts come on top. */
export const REQUEST_TIMEOUT_MS = 5_000;
/** etcd's `--quota-backend-bytes`, where it is not given. */
export const QUOTA_BYTES_DEFAULT = 2 * 1024 ** 3;
/** Free space of the disk below which nothing is written any more, so that what was promised can be kept. */
export const DISK_RESERVE_BYTES = 64 << 20;
export const DISK_WATCH_MS = 5_000;

/** Events in a response of a watch, roughly; what one revision changed is never parted for it. */
export const WATCH_RESPONSE_BYTES = 1 << 20;
/** Past it a response is sent in fragments, where the client takes them; as large as a message of etcd's. */
export const WATCH_FRAGMENT_BYTES = REQUEST_BYTES_MAX + MESSAGE_OVERHEAD_BYTES;
/** Waits for a client that takes less than comes; past it its watches fall back on the history. */
export const QUEUED_WATCH_BYTES_MAX = 1 << 20;
/** Revisions that are read from the history in a turn, for all watches that lag together: a few milliseconds. */
export const LAGGING_REVISIONS_MAX = 1_000;
/** How often progress is reported to a watch that has nothing to tell; etcd's. */
export const WATCH_PROGRESS_MS = 10 * 60_000;
/** A watch that wants a leader is told that there is none after so many election timeouts; etcd's. */
export const NO_LEADER_TIMEOUTS = 3;

/** After so many election timeouts without a leader a member says what to do. */
export const LEADERLESS_TIMEOUTS = 5;

/** etcd's, in seconds. */
export const LEASE_TTL_MAX = 9_000_000_000n;
/** Leases that are revoked at a time, each by a request of its own; etcd's are 1,000 a second. */
export const EXPIRING_LEASES_MAX = 500;
/** Leases that one stream has extended at a time. */
export const RENEWALS_MAX = 1_000;
/** What is left of a lease is written down so often, for leases of at least this long; etcd's. */
export const LEASE_CHECKPOINT_MS = 5 * 60_000;
/** Leases in one request of that kind; etcd's. */
export const LEASE_CHECKPOINTS_MAX = 1_000;

/** etcd's `--experimental-max-learners`. */
export const LEARNERS_MAX = 1;
/** Members that were heard within this time count as healthy when members are added or removed; etcd's. */
export const HEALTHY_MS = 5_000;

/** A piece of a snapshot that a client takes; etcd's. */
export const SNAPSHOT_PIECE_BYTES = 32 << 10;
/** Rows of a state that are written before others have a turn. */
export const STATE_STAGED_BYTES_MAX = 8 << 20;
/** Changes that are looked at by one request that removes what was compacted: some milliseconds. */
export const SWEPT_CHANGES_MAX = 2_000;
/** For the others to take a new member in the place of one whose log is damaged. */
export const REPLACE_TIMEOUT_MS = 60_000;
/** How long members of a cluster are waited for that may not have started. */
export const ASK_MS = 2_000;

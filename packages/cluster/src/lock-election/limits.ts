/** Of the lease of a lock or a candidacy that comes without one; etcd's, in seconds. */
export const LEASE_TTL_DEFAULT = 60n;
/** How long it is tried to take back a claim whose owner has gone. After that its lease takes it back. */
export const WITHDRAWAL_MS = 5_000;
/** Responses of a watch that wait for whoever reads them in this process. */
export const QUEUED_RESPONSES_MAX = 64;

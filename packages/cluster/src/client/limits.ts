/** Bounds of the client. */

/** Of a call, unless it says otherwise: etcdctl's. */
export const CALL_TIMEOUT_MS_DEFAULT = 5_000;
/** How long a member may take to take a connection, before the next one is tried. */
export const CONNECT_TIMEOUT_MS = 1_500;
/** How long a member may take to answer what can be asked of another as well; only where there is another. */
export const ATTEMPT_TIMEOUT_MS = 2_000;
/** Between two rounds through all endpoints: twice as long each time, from the first to the second. */
export const ROUND_PAUSE_MS_MIN = 20;
export const ROUND_PAUSE_MS_MAX = 500;
/** gRPC's own 120 s suits the internet. */
export const RECONNECT_BACKOFF_MS_MAX = 500;
/** After so long without a word the other side is asked whether it is there. etcd calls less than 5 s too much. */
export const KEEPALIVE_MS = 10_000;
export const KEEPALIVE_TIMEOUT_MS = 3_000;
/** Largest message, both ways: a page of values is larger than a request may be. */
export const MESSAGE_BYTES_MAX = 512 << 20;
/** Writes that are under way at the same time with a session each; more wait. */
export const SESSION_COUNT_MAX = 128;
/** How long a member may take to say how it fares, before it counts as away: as long as who looks at it waits until the next look. */
export const LOOK_TIMEOUT_MS = 2_000;
/** Members that others tell of and that are asked as well: more than any cluster has, and no reason to dial thousands. */
export const FOUND_MEMBER_COUNT_MAX = 64;

/** Bounds of the API. */

/** Largest message of a call, both ways: an intention's ops (1 MiB) in a page of several, with room. */
export const MESSAGE_BYTES_MAX = 8 << 20;
/** Largest descriptor set that is read: far above any service written by hand, and below one message. */
export const DESCRIPTORS_BYTES_MAX = 4 << 20;
/** Longest text of an error that travels, in characters: gRPC puts it into an HTTP/2 header, each up to 9 bytes there. */
export const ERROR_TEXT_LENGTH_MAX = 1024;
/** Largest details of an error that travel, as JSON in ASCII; larger ones are left out. */
export const ERROR_DETAILS_BYTES_MAX = 8 << 10;
/** How long a closing server waits for clients to take what they were sent. */
export const CLOSE_GRACE_MS = 1_000;
/** How long something that listens on the socket may take to speak HTTP/2. */
export const CONNECT_TIMEOUT_MS = 5_000;
/** Longest wait between two attempts to reach a node that went away; gRPC's own 120 s suits the internet. */
export const RECONNECT_BACKOFF_MS_MAX = 1_000;

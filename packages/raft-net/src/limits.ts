/** Bounds of the network between members. */

/** Of a frame. Above any message of Raft: those hold 1 MiB of entries, or one larger entry. */
export const FRAME_BYTES_MAX = 64 << 20;
/** Before the hello is over, of whoever it may be. */
export const HELLO_BYTES_MAX = 4096;
/** What may wait for a connection that takes nothing. Past it messages are dropped, and calls fail. */
export const QUEUED_BYTES_MAX = 32 << 20;
/** Calls of one connection that are not answered. */
export const OPEN_CALLS_MAX = 10_000;
/** Connections whose hello is not over, and those of who is no member. */
export const STRANGERS_MAX = 256;

/** For a connection to come about, with its hello. */
export const HELLO_MS_MAX = 5000;
/** For who is no member to say what it wants, and hear the answer. */
export const INTRODUCTION_MS_MAX = 30_000;
/** A connection on which nothing was said for so long is asked whether it lives. */
export const PING_AFTER_MS = 2000;
/** A connection from which nothing came for so long does not. */
export const SILENT_MS_MAX = 7000;
/** Between tries to connect: the first, and what it doubles up to. A member that is back connects by itself, and is connected to then. */
export const RETRY_MS: readonly [first: number, last: number] = [10, 500];
/** Pieces of snapshots that wait for their connection to come about. */
export const BULK_WAITING_MAX = 4;
/** A connection for pieces of snapshots that nobody has used for so long is closed. */
export const BULK_IDLE_MS = 30_000;
/** How often connections are looked after. */
export const BEAT_MS = 1000;

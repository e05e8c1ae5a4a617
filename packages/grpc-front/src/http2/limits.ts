/**
 * Bounds of a connection. A client of gRPC comes nowhere near them; who does gets told (GOAWAY or RST_STREAM with
 * ENHANCE_YOUR_CALM, RFC 9113 §10.5) and costs no more than they say.
 */

/** What a client may send in one frame: the smallest that the protocol has (§4.2), and enough. */
export const FRAME_BYTES_MAX = 16_384;
/** Calls at once. Connections of etcd's clients have a few, load generators a thousand. */
export const STREAM_COUNT_MAX = 4_096;
/** What a client may send ahead on one stream: a request of etcd's largest size needs no second round trip. */
export const STREAM_WINDOW_BYTES = 2 << 20;
/** The same for all streams together. Replenished as it comes, since `CONNECTION_BYTES_MAX` bounds what is kept. */
export const CONNECTION_WINDOW_BYTES = 16 << 20;

/** Headers of a request, with 32 bytes for each (§6.5.2). Tokens of authentication are the longest, with some kilobytes. */
export const HEADER_LIST_BYTES_MAX = 32 << 10;
export const HEADER_COUNT_MAX = 128;
/** As they come, in HEADERS and CONTINUATION. A list that is somewhat too long is refused; with more than this, the connection is. */
export const HEADER_BLOCK_BYTES_MAX = 64 << 10;
export const CONTINUATION_COUNT_MAX = 8;
/** Of HPACK, for each direction; the protocol's own default (§6.5.2). */
export const HEADER_TABLE_BYTES = 4_096;

/**
 * What a client may make the server do for nothing, at some ten microseconds each: one for each PING, SETTINGS, PRIORITY, unknown or empty frame,
 * for each call that it cancels, for each stream that is reset because of it, for each frame that is made tiny by its window. So
 * many at once, so many a second, and one more for each answer that it gets.
 */
export const FAVOUR_COUNT_MAX = 4_000;
export const FAVOURS_PER_SECOND = 1_000;
/** A frame of less than this, which is not a message's end, is one because of the client's window. */
export const TINY_FRAME_BYTES = 256;

/** Requests that are not read yet and answers that are not taken yet. With more, new calls of the connection are refused. */
export const CONNECTION_BYTES_MAX = 64 << 20;
/** With more, the connection is closed: it asks for much and takes nothing. */
export const CONNECTION_BYTES_LIMIT = 256 << 20;
/** All connections together, as with `CONNECTION_BYTES_MAX`. */
export const FRONT_BYTES_MAX = 512 << 20;
export const CONNECTION_COUNT_MAX = 10_000;
/** Besides those, connections that have not got through the handshake of TLS. */
export const HANDSHAKE_COUNT_MAX = 1_000;

/** What is written at once, before other connections have their turn. */
export const WRITE_BYTES_MAX = 256 << 10;
/** What one stream writes before others of its connection have their turn. */
export const TURN_BYTES_MAX = 64 << 10;
/** What the kernel has not taken: with more, nothing is written and nothing read. */
export const BACKLOG_BYTES_MAX = 128 << 10;
/** Writes are made of pieces of such blocks. */
export const BLOCK_BYTES = 64 << 10;

/** From the connection to the client's first frame. */
export const HELLO_TIMEOUT_MS = 10_000;
/** From HEADERS to its last CONTINUATION. */
export const HEADER_TIMEOUT_MS = 10_000;
/** A client that has been silent for so long is asked (PING) whether it is there, */
export const SILENCE_MS = 60_000;
/** and has so long to answer. */
export const PING_TIMEOUT_MS = 20_000;
/** How long a client may take nothing of what is written for it. */
export const STALL_TIMEOUT_MS = 60_000;
/** After the last frame, for the client to read it. */
export const LINGER_MS = 1_000;
/** How often all of these are looked at. */
export const SWEEP_MS = 1_000;
/** A client that is told that no more calls are taken has so long to hear it, before that holds (§6.8). */
export const GOAWAY_WAIT_MS = 1_000;
/** Streams that were reset while their client was sending; what still comes for them is ignored (§5.1). */
export const RESET_MEMORY_COUNT = 1_024;
/** Of the text in a GOAWAY. */
export const DEBUG_BYTES_MAX = 256;

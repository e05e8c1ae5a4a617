/** Bounds of both fronts. Those of HTTP/2 stand in http2/limits.ts. */

/** Of one request message, where the caller says nothing: what gRPC's own libraries take. */
export const REQUEST_BYTES_MAX_DEFAULT = 4 << 20;
/** Requests of a stream that its handler has not read: with more than this, the client gets no more room. */
export const UNREAD_BYTES_MAX = 64 << 10;
/** Responses of a stream that the client has not taken: with more than this, `send` answers false. */
export const UNSENT_BYTES_MAX = 256 << 10;
/** What a message that waits costs on top of its bytes. Without it, empty ones would be free, and as many as anybody likes. */
export const MESSAGE_OVERHEAD_BYTES = 128;
/** Of the text of a status, as it is sent. Clients take 8 KiB of headers or more, and refuse the rest without reading it. */
export const STATUS_MESSAGE_BYTES_MAX = 4 << 10;
/** A first buffer for a message that comes in pieces. It grows with what has come, not with what is promised. */
export const ASSEMBLY_BYTES_START = 16 << 10;
/** What `close` waits for calls under way, where the caller says nothing. */
export const CLOSE_GRACE_MS_DEFAULT = 1_000;
/** How long what cuts a call may take to reach the client. */
export const CUT_MS = 100;
/** The longest time that a timer of Node can wait. Who has a later deadline has none. */
export const TIMER_MS_MAX = 2 ** 31 - 1;

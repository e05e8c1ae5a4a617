/**
 * Bounds of the transports. All in bytes unless the name says otherwise; `FRAME_BYTES_MAX` is the protocol's own and
 * stands in @lattice/model (weaver.md §6).
 */

/** What a channel queues for sending before `send` makes its caller wait. */
export const SEND_QUEUE_BYTES_MAX = 256 << 10;
/** Unread bytes of whole frames from which on a channel takes nothing more from the network. */
export const UNREAD_BYTES_MAX = 256 << 10;

/** What a peer may send on one stream ahead of its reader. Below libp2p's 4 MiB limit, at which it resets a stream. */
export const STREAM_WINDOW_BYTES = 1 << 20;
/** The same for a whole QUIC connection; large, so that a few unread streams do not hold up the others. */
export const CONNECTION_WINDOW_BYTES = 64 << 20;

/** Open channels per protocol, connection and direction: one per store and peer, with room to spare. */
export const CHANNELS_PER_PROTOCOL_COUNT_MAX = 256;
/** Open streams per connection and direction, over all protocols. */
export const STREAMS_PER_CONNECTION_COUNT_MAX = 512;
/** Two nodes that dial each other over both transports at once have four; a restart may leave a few dead ones. */
export const CONNECTIONS_PER_PEER_COUNT_MAX = 8;
export const CONNECTIONS_COUNT_MAX = 300;
/** Connections whose handshake is under way; an attacker holds such a place for `HANDSHAKE_TIMEOUT_MS` only. */
export const PENDING_CONNECTIONS_COUNT_MAX = 64;
/** From one host, which may be a whole office behind one address, per second. */
export const CONNECTIONS_PER_HOST_AND_SECOND_COUNT_MAX = 64;

export const HANDSHAKE_TIMEOUT_MS = 5_000;
/** How long the other end may take to answer for a protocol. */
export const NEGOTIATION_TIMEOUT_MS = 5_000;
/** How long a peer may be silent before its QUIC connection counts as gone. */
export const IDLE_TIMEOUT_MS = 10_000;
/** An address gets this head start before the next one is tried beside it (RFC 8305 §8). */
export const DIAL_STAGGER_MS = 250;
/** How long closing a channel may take to send what is queued. */
export const FLUSH_TIMEOUT_MS = 30_000;
/** How long a closed channel that nobody reads waits for the other end to close its side. */
export const LINGER_MS = 10_000;
/** How long closing a transport waits for its channels to end in good order. */
export const CLOSE_GRACE_MS = 1_000;

/** Bounds of the HTTP surface. */
import { MESSAGE_BYTES_MAX } from "@lattice/api";

/** Largest body in binary: the largest message. */
export const BINARY_BYTES_MAX = MESSAGE_BYTES_MAX;
/** Largest body in JSON: the largest message with its bytes in base64, and room for names. */
export const JSON_BYTES_MAX = (MESSAGE_BYTES_MAX / 2) * 3;
/** What is read, and thrown away, of a body that was refused. */
export const DISCARD_BYTES_MAX = 16 << 20;
/** Longest request target: the longest message that fits into a link, with room. */
export const TARGET_LENGTH_MAX = 12 << 10;
export const HEADERS_BYTES_MAX = 16 << 10;
/** Connections at the same time; further ones are closed at once. */
export const CONNECTIONS_MAX = 1024;
/** How long a request may take to arrive. */
export const REQUEST_ARRIVES_MS = 60_000;
/** How long a connection that nobody uses is kept. */
export const KEEP_ALIVE_MS = 30_000;
/** Longest deadline that a caller can set. */
export const TIMEOUT_MS_MAX = 24 * 60 * 60_000;
/** What a browser waits before it opens a stream again. */
export const RECONNECT_MS = 1_000;
/** How long a closing server waits for callers to take what they were sent. */
export const CLOSE_GRACE_MS = 1_000;
/** How long the link that the daemon prints is good for, and how many of them at the same time. */
export const LINK_MS = 24 * 60 * 60_000;
export const LINKS_MAX = 64;
/** How long a browser keeps its cookie. */
export const COOKIE_S = 90 * 24 * 60 * 60;
/** Random bytes in the token and in a link. */
export const SECRET_BYTES = 32;
/** Largest page, all of its files together, which are held in memory. */
export const PAGE_BYTES_MAX = 64 << 20;

/** What a test, or an application with needs of its own, can set in another way. */
export interface HttpLimits {
  /** How long the head of a request may take to arrive; whether it has is looked at as often. */
  readonly headArrivesMs: number;
  /** Bytes of bodies that are being read at the same time, of all callers together. */
  readonly bodiesBytesMax: number;
  /** Calls that run at the same time; streams count while they are open. */
  readonly callsMax: number;
  /** How often a stream that has nothing to tell says that it is still there: browsers and proxies give up at 30 s and more. */
  readonly heartbeatMs: number;
  /** How long a reader may take nothing of what waits for it before its stream is cut off. */
  readonly stallMs: number;
}

export const HTTP_LIMITS: HttpLimits = {
  headArrivesMs: 10_000,
  bodiesBytesMax: 64 << 20,
  callsMax: 512,
  heartbeatMs: 15_000,
  stallMs: 120_000,
};

/**
 * The transport port: authenticated, framed, bidirectional channels between two identities.
 *
 * Who is at the other end is proven by the transport (its public key), never by what the other end says.
 */
import type { PubKey } from "@lattice/model";

export interface Channel extends AsyncDisposable {
  readonly peer: PubKey;
  readonly protocol: string;
  /** Whether this side opened it. */
  readonly outbound: boolean;
  /**
   * Queues one frame of 1 to `FRAME_BYTES_MAX` bytes, in order, as it is now: the buffer may be used again. Resolves
   * once there is room for the next one, so a sender that awaits it holds a bounded queue. Rejects with `closed` when
   * this side closed or the channel broke, `too-large` for a frame over the limit, `invalid-argument` for an empty one.
   */
  send(frame: Uint8Array): Promise<void>;
  /**
   * The frames from the other end, in order; ends, and never throws, when it closed its side or the channel broke (a
   * cut in the middle of a frame ends it too: the part is dropped). Not read means not received: a slow reader slows
   * its sender. A frame over the limit, or of zero length, aborts the channel. Can be iterated once: who leaves a
   * loop over it reads no more.
   */
  readonly frames: AsyncIterable<Uint8Array>;
  /**
   * Sends what is queued, then ends this side: the other end's `frames` end after the last one, and what it still
   * sends can be read until it closes, too. A channel is gone once both sides have closed, so every channel that was
   * opened or accepted has to be closed or aborted. Can be called twice; never rejects.
   */
  close(): Promise<void>;
  /** Ends both sides at once; what was queued or not yet read may be lost. */
  abort(): void;
  /** Whether nothing can be sent any more: this side closed, or the channel broke. */
  readonly closed: boolean;
}

export interface OpenOptions {
  /** Where to look for the peer, best first; used where no connection stands, or where the one that stands is dead. */
  readonly addresses?: readonly string[];
  readonly signal?: AbortSignal;
}

export interface Transport extends AsyncDisposable {
  readonly self: PubKey;
  /** Where others can reach this node, as multiaddrs without the /p2p part. */
  addresses(): readonly string[];
  /**
   * From now on, channels that others open for `protocol` go to `accept`, and to no handler before it. Its exceptions,
   * and those of a promise it returns, abort that channel only.
   */
  handle(protocol: string, accept: (channel: Channel) => void): void;
  /**
   * Rejects with `unavailable` where the peer cannot be reached or does not speak `protocol`, `cancelled` on abort,
   * `closed` when this transport is.
   */
  open(peer: PubKey, protocol: string, options?: OpenOptions): Promise<Channel>;
  /** Ends all connections with a peer at once, as `abort` ends a channel. */
  disconnect(peer: PubKey): Promise<void>;
  /** Closes all channels, gives them a moment to end in good order, and stops listening. Can be called twice. */
  close(): Promise<void>;
}

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
   * Queues one frame of 1 to `FRAME_BYTES_MAX` bytes, in order. Resolves once there is room for the next one, so a
   * sender that awaits it holds a bounded queue. Rejects with `closed` when the channel is gone, `too-large` for
   * a frame over the limit.
   */
  send(frame: Uint8Array): Promise<void>;
  /**
   * The frames from the other end, in order; ends when it closed its side or the channel broke (a cut in the middle
   * of a frame ends it too: the part is dropped). Not read means not received: a slow reader slows its sender. A frame over the
   * limit, or of zero length, aborts the channel. Can be iterated once.
   */
  readonly frames: AsyncIterable<Uint8Array>;
  /** Sends what is queued, then ends. Can be called twice. */
  close(): Promise<void>;
  /** Ends at once; both sides' `frames` end. */
  abort(): void;
  readonly closed: boolean;
}

export interface OpenOptions {
  /** Where to look for the peer, best first; used where no connection stands yet. */
  readonly addresses?: readonly string[];
  readonly signal?: AbortSignal;
}

export interface Transport extends AsyncDisposable {
  readonly self: PubKey;
  /** Where others can reach this node, as multiaddrs without the /p2p part. */
  addresses(): readonly string[];
  /** From now on, channels that others open for `protocol` go to `accept`. Its exceptions abort that channel only. */
  handle(protocol: string, accept: (channel: Channel) => void): void;
  /** Rejects with `unavailable` where the peer cannot be reached or does not speak `protocol`, `cancelled` on abort. */
  open(peer: PubKey, protocol: string, options?: OpenOptions): Promise<Channel>;
  /** Ends all connections with a peer. */
  disconnect(peer: PubKey): Promise<void>;
  /** Closes all channels and stops listening. Can be called twice. */
  close(): Promise<void>;
}

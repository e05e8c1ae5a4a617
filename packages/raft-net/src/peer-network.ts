/**
 * What a member needs of the network: Raft's messages, which may be lost, and calls, which are answered or fail.
 * `PeerNetwork` is implemented over TCP and TLS (tcp-peers.ts), and over memory for tests and simulations (memory-peers.ts).
 *
 * Rules
 *  1. A connection is good for one cluster: its hello names the cluster, who speaks and whom to. Who is wrong in any of
 *     them, or is no member any more, is refused and told why.
 *  2. What is sent to a member that cannot be reached, or whose queue is full, is dropped. A call to it fails at once.
 *  3. Bulk (chunks of snapshots) goes over a connection of its own, so that heartbeats never wait behind it.
 *  4. What is sent in one turn of the event loop leaves together, at its end or at `flush`.
 */
import type { LogIndex, MemberId, Message, RaftTransport, RaftTransportEvents } from "@lattice/raft";

/** A cluster's id: 48 bits, and never 0. */
export type ClusterId = number;

export interface PeerAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/** Handles a call of another member; what it throws reaches the caller as a `LatticeError` of the same code, words and details. */
export type CallHandler = (
  request: Uint8Array,
  caller: {
    /** `NOBODY` where the method is open, and whoever calls is no member (yet). */
    readonly member: MemberId;
  },
) => Uint8Array | Promise<Uint8Array>;

export interface HandleOptions {
  /** Who is no member may call it, too. Default: no. */
  readonly isOpen?: boolean;
}

export interface CallOptions {
  readonly signal: AbortSignal;
}

/** What whoever listens at an address said to one who is no member. */
export interface Introduction {
  readonly cluster: ClusterId;
  readonly member: MemberId;
  readonly answer: Uint8Array;
}

/** Why a member is refused by another. */
export type RefusedBecause =
  /** It was a member, and the other one knows of a later time at which it is none. */
  | "removed"
  /** There is another cluster at that address. */
  | "wrong-cluster"
  /** There is another member at that address. */
  | "wrong-member"
  /** The other one speaks another version of the protocol. */
  | "wrong-version";

export interface PeerEvents extends RaftTransportEvents {
  /** Told once per connection that is refused; where the reason may pass by itself it is tried again, and nothing is told. */
  readonly refused: (by: MemberId, because: RefusedBecause, text: string) => void;
}

export interface PeerNetwork extends RaftTransport {
  readonly cluster: ClusterId;
  /**
   * Whom it may speak with, and where. Replaces what was said before; connections to others are closed. `asOf`: the entry of the
   * log by which that is so. A member that is not among them is refused and told that index, and so knows whether it was removed
   * or is only not known yet.
   */
  setPeers(peers: ReadonlyMap<MemberId, readonly PeerAddress[]>, asOf: LogIndex): void;
  /** Methods that others may call. Set before the first message comes. */
  handle(method: string, handler: CallHandler, options?: HandleOptions): void;
  /**
   * Rejects with `unavailable` where the member cannot be reached or the connection breaks, with the detail `outcome`: `not-sent`
   * where it did not happen, `unknown` where it may have. Rejects with `cancelled` once the signal is aborted; it may have
   * happened then.
   */
  call(to: MemberId, method: string, request: Uint8Array, options: CallOptions): Promise<Uint8Array>;
  /** The same, of whoever listens there and as nobody: for who is no member yet. The method is an open one. */
  introduce(
    address: PeerAddress,
    method: string,
    request: Uint8Array,
    options: CallOptions,
  ): Promise<Introduction>;
  send(message: Message): void;
  /** Gives what was sent to the system, now. */
  flush(): void;
}

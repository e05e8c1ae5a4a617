/**
 * What a member needs of the network: Raft's messages, which may be lost, and calls, which are answered or fail.
 * `PeerNetwork` is implemented over TCP and TLS here, and over memory for tests and simulations (`./memory-peers.ts`).
 *
 * Rules
 *  1. A connection is good for one cluster: its hello names the cluster, who speaks and whom to. Who is wrong in any of
 *     them, or is no member any more, is refused and told why.
 *  2. What is sent to a member that cannot be reached, or whose queue is full, is dropped. A call to it fails at once.
 *  3. Bulk (chunks of snapshots) goes over a connection of its own, so that heartbeats never wait behind it.
 */
import type { MemberId, Message, RaftTransport, RaftTransportEvents } from "@lattice/raft";

export interface PeerAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/** Handles a call of another member; what it throws reaches the caller as a `LatticeError` of the same code and words. */
export type CallHandler = (
  request: Uint8Array,
  caller: { readonly member: MemberId },
) => Uint8Array | Promise<Uint8Array>;

export interface PeerEvents extends RaftTransportEvents {
  /** Another member says that this one is not (any more) a member of the cluster, or that the cluster is another one. */
  readonly refused: (by: MemberId | undefined, why: string) => void;
}

export interface PeerNetwork extends RaftTransport {
  /** Whom it may speak with, and where. Replaces what was said before; connections to others are closed. */
  setPeers(peers: ReadonlyMap<MemberId, readonly PeerAddress[]>): void;
  /** Methods that others may call. Set before the first message comes. */
  handle(method: string, handler: CallHandler): void;
  /** Rejects with `unavailable` where the member cannot be reached or the connection breaks: then it may or may not have happened. */
  call(
    to: MemberId,
    method: string,
    request: Uint8Array,
    options: { readonly signal: AbortSignal },
  ): Promise<Uint8Array>;
  send(message: Message): void;
}

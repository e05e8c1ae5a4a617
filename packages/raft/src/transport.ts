/**
 * What carries messages between the members of one cluster.
 *
 * It may lose a message, double it, be late with it and change the order; it never changes one, and never gives it to
 * anybody but whom it is for. Messages that are lost are made up for by later ones, so nothing is kept for a member that
 * cannot be reached.
 */
import type { MemberId } from "./ids.ts";
import type { Message } from "./message.ts";

export interface RaftTransportEvents {
  readonly received: (message: Message) => void;
  /** The connection to a member broke in a way that speaks for its death: `Raft.peerLost`. */
  readonly lost: (member: MemberId) => void;
}

export interface RaftTransport extends AsyncDisposable {
  /** Never waits and never throws. What it was given is not changed afterwards by anybody. */
  send(message: Message): void;
  /** From then on nothing is sent or received. May be called twice. */
  close(): Promise<void>;
}

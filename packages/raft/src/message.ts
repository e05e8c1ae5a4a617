/**
 * What members say to each other. Messages may be lost, doubled, late and out of order; none is ever waited for.
 *
 * `round` is a number that the leader raises within its term. What a reply repeats proves that its sender took the leader
 * for one after that round began; reads and leases rest on it. The number is the leader's own, never a client's: what a
 * client names twice would let an old reply confirm a new read.
 */
import type { Entry } from "./entry.ts";
import type { LogIndex, MemberId, Term } from "./ids.ts";
import type { SnapshotMeta } from "./storage.ts";

interface Envelope {
  readonly from: MemberId;
  readonly to: MemberId;
  /** The sender's; of a request for a pre-vote and of the answer that grants it, the one that it wants to begin. */
  readonly term: Term;
}

export interface RequestVote extends Envelope {
  readonly type: "request-vote";
  /** Whether it would be granted; nobody's term or vote changes (Raft thesis §9.6). */
  readonly isPre: boolean;
  /** The leader asked for it, so nobody defends the leader (§4.2.3). */
  readonly isTransfer: boolean;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
}

export interface Vote extends Envelope {
  readonly type: "vote";
  readonly isPre: boolean;
  readonly isGranted: boolean;
}

export interface Append extends Envelope {
  readonly type: "append";
  readonly prevIndex: LogIndex;
  readonly prevTerm: Term;
  readonly entries: readonly Entry[];
  readonly commit: LogIndex;
  readonly round: number;
}

export interface AppendReply extends Envelope {
  readonly type: "append-reply";
  readonly isRejected: boolean;
  /** The log is the leader's up to here, on the disk; where rejected, the `prevIndex` of the request. */
  readonly index: LogIndex;
  /** Where rejected: the last place where the logs can be alike, as far as the follower can tell, and its term there. */
  readonly hintIndex: LogIndex;
  readonly hintTerm: Term;
  readonly round: number;
}

export interface Heartbeat extends Envelope {
  readonly type: "heartbeat";
  /** Never above what the receiver is known to hold. */
  readonly commit: LogIndex;
  readonly round: number;
}

export interface HeartbeatReply extends Envelope {
  readonly type: "heartbeat-reply";
  readonly round: number;
}

/** A piece of a snapshot. */
export interface SnapshotChunk extends Envelope {
  readonly type: "snapshot";
  readonly snapshot: SnapshotMeta;
  readonly offset: number;
  /** Empty when it leaves the core: whoever sends it puts in `chunkBytesMax` bytes at the most, from `offset` on. */
  readonly data: Uint8Array;
  readonly round: number;
}

/** All of the snapshot before `offset` is there. That all of it is, an append reply says. */
export interface SnapshotReply extends Envelope {
  readonly type: "snapshot-reply";
  readonly index: LogIndex;
  readonly offset: number;
  readonly round: number;
}

/** Begin an election at once: the leader wants the receiver to succeed it. */
export interface TimeoutNow extends Envelope {
  readonly type: "timeout-now";
}

/** Names a read among all that any member has ever asked for. */
export interface ReadId {
  /** Drawn anew whenever a member starts. */
  readonly session: number;
  readonly number: number;
}

export interface ReadRequest extends Envelope {
  readonly type: "read-request";
  readonly read: ReadId;
}

export interface ReadReply extends Envelope {
  readonly type: "read-reply";
  readonly read: ReadId;
  readonly index: LogIndex;
}

export type Message =
  | RequestVote
  | Vote
  | Append
  | AppendReply
  | Heartbeat
  | HeartbeatReply
  | SnapshotChunk
  | SnapshotReply
  | TimeoutNow
  | ReadRequest
  | ReadReply;

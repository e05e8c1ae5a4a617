/**
 * What a member knows and wants in every role (Raft figure 2, "state").
 *
 * Invariants
 *  1. The term never falls; within a term the vote is given once.
 *  2. commit never falls, and handed <= min(commit, stable): nothing is applied that this member could lose.
 */
import { assert } from "@lattice/model";
import {
  maxIndex,
  minIndex,
  NOBODY,
  NO_INDEX,
  plus,
  type LogIndex,
  type MemberId,
  type Term,
} from "./ids.ts";
import type { RaftLog } from "./log.ts";
import { isVoter } from "./membership.ts";
import type { Message, ReadId } from "./message.ts";
import { PendingWrites } from "./pending-writes.ts";
import type { RaftOptions } from "./options.ts";
import type { ReadResult, ReceivedChunk } from "./ready.ts";
import type { HardState, SnapshotMeta } from "./storage.ts";

/** A message without what every message has. */
export type Body<T = Message> = T extends Message
  ? Omit<T, "from" | "term"> & { readonly term?: Term }
  : never;

export interface Incoming {
  readonly snapshot: SnapshotMeta;
  readonly receivedBytes: number;
}

export class MemberState {
  readonly id: MemberId;
  readonly options: RaftOptions;
  readonly random: () => number;
  readonly log: RaftLog;

  nowMs: number;
  term: Term;
  vote: MemberId;
  /** What of term and vote is on the disk. */
  durable: HardState;
  commit: LogIndex;
  /** Given to the state machine. */
  handed: LogIndex;
  applied: LogIndex;
  leader: MemberId = NOBODY;
  leaderHeardAtMs = -Infinity;
  electionAtMs = Infinity;
  /** Elections that this member has tried to hold since the connection to the leader broke; undefined once that is over. */
  hurries: number | undefined;

  /** The snapshot that is being received. Whoever leads next may go on sending it. */
  incoming: Incoming | undefined;
  /** What those get who need a snapshot. The log goes on behind it. */
  offered: SnapshotMeta | undefined;
  writes = new PendingWrites();

  messages: Message[] = [];
  afterPersist: Message[] = [];
  chunks: ReceivedChunk[] = [];
  install: SnapshotMeta | undefined;
  reads: ReadResult[] = [];

  constructor(
    known: Pick<MemberState, "id" | "options" | "random" | "log" | "nowMs" | "durable" | "applied">,
  ) {
    this.id = known.id;
    this.options = known.options;
    this.random = known.random;
    this.log = known.log;
    this.nowMs = known.nowMs;
    this.durable = known.durable;
    this.term = known.durable.term;
    this.vote = known.durable.vote;
    this.applied = known.applied;
    this.offer(known.log.snapshot);
    this.handed = known.applied;
    const committed = maxIndex(known.applied, known.log.snapshot?.index ?? NO_INDEX);
    // What was persisted of the commit index is a hint: it may be behind, and a log that lost its tail may end before it.
    this.commit = maxIndex(committed, minIndex(known.durable.commit, known.log.lastIndex));
    assert(this.applied <= this.log.lastIndex, "the state machine is not ahead of the log");
  }

  /**
   * Also one that its own log puts out, as long as that is not known to be committed: perhaps nobody else has what an
   * election takes (thesis §4.2.2). Its own vote does not count then.
   */
  get mayCampaign(): boolean {
    const { log, commit, id } = this;
    return (
      isVoter(log.membership, id) || (log.membershipIndex > commit && isVoter(log.membershipAt(commit), id))
    );
  }

  /** Somebody leads, as far as this member can tell; it helps nobody to a new term then (Raft thesis §4.2.3). */
  get defendsLeader(): boolean {
    return this.leader === this.id || this.nowMs - this.leaderHeardAtMs < this.options.electionTimeoutMs;
  }

  restartElectionTimer(): void {
    const { electionTimeoutMs } = this.options;
    this.electionAtMs = this.nowMs + electionTimeoutMs + this.random() * electionTimeoutMs;
  }

  /**
   * The next election where this one comes to nothing: soon, while the leader is known to be lost, for who asked before the
   * others knew is refused. Later each time, so that those who vote at the same time part, and that it ends in patience.
   */
  retryElection(): void {
    const [from, to] = this.options.suspicionMs;
    const factor = 2 ** (this.hurries ?? Infinity);
    if (to * factor < this.options.electionTimeoutMs) {
      this.electionAtMs = this.nowMs + factor * (from + this.random() * (to - from));
    } else {
      this.hurries = undefined;
      this.restartElectionTimer();
    }
  }

  hearLeader(leader: MemberId): void {
    this.leader = leader;
    this.hurries = undefined;
    this.leaderHeardAtMs = this.nowMs;
    this.restartElectionTimer();
  }

  enterTerm(term: Term, vote: MemberId): void {
    assert(term > this.term, "member invariant 1");
    this.term = term;
    this.vote = vote;
  }

  commitTo(index: LogIndex): void {
    this.commit = maxIndex(this.commit, minIndex(index, this.log.lastIndex));
  }

  /** What stands at `index` and behind it gives way to what the leader has there. */
  truncateLog(index: LogIndex): void {
    assert(index > this.commit, "what is committed is never cut off");
    this.log.truncate(index);
    this.writes.cutOff(plus(index, -1));
  }

  /** A snapshot from the leader takes the place of everything. */
  installSnapshot(snapshot: SnapshotMeta): void {
    this.log.reset(snapshot);
    this.writes.cutOff(NO_INDEX);
    this.install = snapshot;
    this.incoming = undefined;
    this.offer(snapshot);
    this.commit = snapshot.index;
    this.handed = snapshot.index;
    this.applied = snapshot.index;
  }

  /** A snapshot without bytes stands for the beginning of the log, and cannot be sent. */
  offer(snapshot: SnapshotMeta | undefined): void {
    this.offered = (snapshot?.sizeBytes ?? 0) > 0 ? snapshot : undefined;
  }

  /** For what promises nothing, or only what is on the disk. */
  send(body: Body): void {
    this.messages.push({ term: this.term, from: this.id, ...body });
  }

  /** For promises: a vote, an acknowledged entry. */
  sendAfterPersist(body: Body): void {
    this.afterPersist.push({ term: this.term, from: this.id, ...body });
  }

  answerRead(read: ReadId, index: LogIndex | undefined): void {
    this.reads.push({ read, index });
  }

  describe(): unknown {
    const { options: _options, random: _random, log, writes, ...plain } = this;
    return { ...plain, log: log.describe(), writes: writes.describe() };
  }

  clone(): MemberState {
    const copy = new MemberState({ ...this, log: this.log.clone() });
    const { term, vote, commit, handed, applied, leader, leaderHeardAtMs, electionAtMs } = this;
    const { install, incoming, offered, hurries } = this;
    Object.assign(copy, { term, vote, commit, handed, applied, leader, leaderHeardAtMs, electionAtMs });
    Object.assign(copy, { install, incoming, offered, hurries, writes: this.writes.clone() });
    copy.messages = [...this.messages];
    copy.afterPersist = [...this.afterPersist];
    copy.chunks = [...this.chunks];
    copy.reads = [...this.reads];
    return copy;
  }
}

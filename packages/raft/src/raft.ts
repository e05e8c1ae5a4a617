/**
 * One member of a Raft cluster: messages, time and wishes in, a `Ready` out. Nothing in here waits, reads a clock or
 * draws a number by itself: the same inputs give the same outputs, bit for bit.
 *
 * Its driver calls `tick` with the time before it hands in anything else, and takes a `Ready` after it. Time is that of a
 * clock that never goes back; only differences count.
 *
 * Sources: Ongaro, Ousterhout: In Search of an Understandable Consensus Algorithm (extended version, 2014), "Raft" in
 * comments; Ongaro: Consensus: Bridging Theory and Practice (2014), "thesis". docs/raft.md maps sections to files.
 */
import { assert } from "@lattice/model";
import { Candidate } from "./candidate.ts";
import type { EntryId } from "./entry.ts";
import { Follower } from "./follower.ts";
import { minIndex, NOBODY, NO_INDEX, type LogIndex, type MemberId, type Term } from "./ids.ts";
import { Leader, type Proposed, type Refusal } from "./leader.ts";
import { RaftLog } from "./log.ts";
import { MemberState } from "./member-state.ts";
import { isSoleVoter, type Membership, type MembershipChange } from "./membership.ts";
import type { Message, ReadId, RequestVote } from "./message.ts";
import { defaultRaftOptions, type RaftOptions } from "./options.ts";
import type { Progress } from "./progress.ts";
import type { Ready } from "./ready.ts";
import type { Campaign, Role, Transitions } from "./role.ts";
import type { HardState, Persisted, SnapshotMeta } from "./storage.ts";

export interface RaftStart {
  readonly id: MemberId;
  readonly persisted: Persisted;
  /** The last entry whose effect the state machine has kept. Not before the snapshot. */
  readonly applied: LogIndex;
  /** At least 0, below 1. */
  readonly random: () => number;
  readonly nowMs: number;
  readonly options?: Partial<RaftOptions>;
}

export interface RaftStatus {
  readonly id: MemberId;
  readonly role: Role["name"];
  readonly term: Term;
  readonly vote: MemberId;
  readonly leader: MemberId;
  readonly commit: LogIndex;
  readonly applied: LogIndex;
  readonly last: EntryId;
  readonly membership: Membership;
  /** Who is to succeed this leader, or `NOBODY`. */
  readonly transferTarget: MemberId;
  /** What the leader knows of the others. */
  readonly peers: ReadonlyMap<MemberId, Readonly<Progress>>;
}

const NO_PEERS: ReadonlyMap<MemberId, Progress> = new Map();

export class Raft {
  #state: MemberState;
  #role: Role;
  readonly #transitions: Transitions;
  #readSession: number;
  #readNumber = 0;
  /** What the disk was last asked to keep of term, vote and commit. */
  #written: HardState;

  constructor(start: RaftStart) {
    const { id, persisted, applied, random, nowMs } = start;
    const options = { ...defaultRaftOptions, ...start.options };
    const log = new RaftLog(persisted);
    assert(
      applied >= (persisted.snapshot?.index ?? NO_INDEX),
      "the state machine is not behind the snapshot",
    );
    const durable = persisted.hardState;
    this.#state = new MemberState({ id, options, random, log, nowMs, durable, applied });
    this.#written = durable;
    this.#readSession = Math.floor(random() * 2 ** 48);
    this.#transitions = {
      follow: (term, leader) => this.#follow(term, leader),
      campaign: (kind) => this.#campaign(kind),
      lead: () => this.#lead(),
      redeliver: (message) => this.#role.step(message),
    };
    this.#role = new Follower(this.#state, this.#transitions);
    this.#state.restartElectionTimer();
    // Nobody else can be elected, so there is nobody to wait for.
    if (isSoleVoter(log.membership, id) && options.lease === undefined) this.#state.electionAtMs = nowMs;
    // Before it stopped it may have promised a leader patience (thesis §6.4.1).
    if (options.lease !== undefined) this.#state.leaderHeardAtMs = nowMs;
  }

  /**
   * It is `nowMs` by now. To be called several times in half an election timeout: where that much has passed at once, this
   * process was away, and blames nobody for what it did not hear.
   */
  tick(nowMs: number): void {
    const state = this.#state;
    const passed = nowMs - state.nowMs;
    if (passed <= 0) return;
    state.nowMs = nowMs;
    this.#role.tick(passed >= state.options.electionTimeoutMs / 2);
  }

  step(message: Message): void {
    const state = this.#state;
    if (message.to !== state.id) return;
    if (message.type === "request-vote") this.#answerVote(message);
    else if (message.term < state.term) this.#answerStale(message);
    else {
      if (message.term > state.term) {
        // Granted in a term that it did not enter.
        const isPromise = message.type === "vote" && message.isPre && message.isGranted;
        if (!isPromise) this.#follow(message.term, isOfLeader(message) ? message.from : NOBODY);
      }
      this.#role.step(message);
    }
  }

  /** The entries' place if this member leads. That they will be committed is not certain. */
  propose(data: readonly Uint8Array[]): Proposed {
    return this.#role instanceof Leader ? this.#role.propose(data) : this.#notLeader();
  }

  changeMembership(changes: readonly MembershipChange[]): Proposed {
    return this.#role instanceof Leader ? this.#role.changeMembership(changes) : this.#notLeader();
  }

  /** Undefined where it is begun: that `to` leads shows in the status, or not within an election timeout. */
  transfer(to: MemberId): Refusal | undefined {
    return this.#role instanceof Leader ? this.#role.transfer(to) : this.#notLeader();
  }

  /** Asks how far the state machine must be for a read that begins now. The answer comes in a `Ready`, at the latest when leaders change. */
  readIndex(): ReadId {
    const read = { session: this.#readSession, number: this.#readNumber++ };
    if (this.#role instanceof Leader) this.#role.read(this.#state.id, read);
    else if (this.#role instanceof Follower) this.#role.forward(read);
    else this.#state.answerRead(read, undefined);
    return read;
  }

  /** Holds an election now, whatever the timer says. With leases, not while a leader may rely on this member's patience. */
  campaign(): void {
    const { options, defendsLeader } = this.#state;
    if (options.lease !== undefined && defendsLeader) return;
    if (!(this.#role instanceof Leader)) this.#campaign("pre-vote");
  }

  /** The connection to a member broke in a way that speaks for its death. Only makes things faster. */
  peerLost(id: MemberId): void {
    if (this.#role instanceof Follower && id === this.#state.leader) this.#role.suspectLeader();
  }

  /** The snapshot that this member is asked for cannot be had any more; it takes the next one. */
  snapshotFailed(to: MemberId): void {
    if (this.#role instanceof Leader) this.#role.snapshotFailed(to);
  }

  takeReady(): Ready {
    this.#role.flush();
    const state = this.#state;
    const write = this.#takeWrite();
    if (write !== undefined) state.writes.add(state.log.lastIndex, write.hardState);
    const { messages, afterPersist, reads } = state;
    state.messages = [];
    state.afterPersist = [];
    state.reads = [];
    const isDurable = state.writes.isEmpty;
    return {
      messages: isDurable && afterPersist.length > 0 ? [...messages, ...afterPersist] : messages,
      writeId: state.writes.lastId,
      write,
      afterPersist: isDurable ? [] : afterPersist,
      committed: this.#takeCommitted(),
      reads,
    };
  }

  /** Everything up to that write is on the disk. */
  persisted(writeId: number): void {
    const state = this.#state;
    const { stable, hardState } = state.writes.finish(writeId);
    state.log.markStable(stable);
    if (hardState !== undefined) state.durable = hardState;
    this.#role.persisted();
  }

  /** The state machine has everything up to there. A crash may take it back, though not behind the snapshot. */
  applied(index: LogIndex): void {
    const state = this.#state;
    assert(index <= state.handed, "only what was committed is applied");
    if (index > state.applied) state.applied = index;
  }

  /** For whoever takes a snapshot of the state at `index`, which has been applied. */
  membershipAt(index: LogIndex): Membership {
    return this.#state.log.membershipAt(index);
  }

  termAt(index: LogIndex): Term | undefined {
    return this.#state.log.termAt(index);
  }

  get snapshot(): SnapshotMeta | undefined {
    return this.#state.log.snapshot;
  }

  /**
   * The log from `base` on is kept, for followers that are a little behind. The snapshot is durable. If it has bytes (its size is not 0)
   * it is offered from now on to those who need one; if not, it only stands for the beginning of the log.
   */
  snapshotTaken(snapshot: SnapshotMeta, base: EntryId): void {
    const state = this.#state;
    assert(snapshot.index <= state.applied, "a snapshot shows what was applied");
    if (snapshot.index <= (this.snapshot?.index ?? NO_INDEX)) return;
    state.log.compact(snapshot, base);
    const isBehind = (state.offered?.index ?? NO_INDEX) < state.log.base.index;
    if (snapshot.sizeBytes > 0 || isBehind) state.offer(snapshot);
  }

  /**
   * The bytes of a snapshot can be had from now on, for those who need one; or of none, until another is offered. It need not be the
   * one at the beginning of the log, but the log has to go on behind it; an older one is not offered. Those who are being sent one
   * go on with it.
   */
  offerSnapshot(snapshot: SnapshotMeta | undefined): void {
    const state = this.#state;
    assert((snapshot?.index ?? NO_INDEX) <= state.applied, "a snapshot shows what was applied");
    if (snapshot === undefined || snapshot.index >= state.log.base.index) state.offer(snapshot);
  }

  /** This member leads, and somebody waits for a snapshot while none is offered. */
  get wantsSnapshot(): boolean {
    return this.#role instanceof Leader && this.#role.replicator.wantsSnapshot;
  }

  status(): RaftStatus {
    const { id, term, vote, leader, commit, applied, log } = this.#state;
    return {
      id,
      role: this.#role.name,
      term,
      vote,
      leader,
      commit,
      applied,
      last: { index: log.lastIndex, term: log.lastTerm },
      membership: log.membership,
      transferTarget: this.#role instanceof Leader ? this.#role.transferTarget : NOBODY,
      peers: this.peers,
    };
  }

  get id(): MemberId {
    return this.#state.id;
  }

  get term(): Term {
    return this.#state.term;
  }

  get commit(): LogIndex {
    return this.#state.commit;
  }

  /** As far as this member knows; `NOBODY` where it knows none. */
  get leader(): MemberId {
    return this.#state.leader;
  }

  get role(): Role["name"] {
    return this.#role.name;
  }

  /** What a leader knows of the others; empty unless this member leads. */
  get peers(): ReadonlyMap<MemberId, Readonly<Progress>> {
    return this.#role instanceof Leader ? this.#role.replicator.peers : NO_PEERS;
  }

  /** For whoever looks on. */
  get log(): RaftLog {
    return this.#state.log;
  }

  /** Everything that its future depends on, as plain data. Every time in it has a name that ends in `Ms`. */
  describe(): unknown {
    return {
      role: this.#role.name,
      is: this.#role.describe(),
      state: this.#state.describe(),
      written: this.#written,
      readSession: this.#readSession,
      readNumber: this.#readNumber,
    };
  }

  /** Another member in the same state, which goes its own way from here. */
  clone(): Raft {
    const { id, options, nowMs } = this.#state;
    // What it draws to begin with is thrown away, and not the original's to miss.
    const random = (): number => 0;
    const persisted = {
      hardState: this.#written,
      snapshot: undefined,
      base: { index: NO_INDEX, term: 0 as Term },
      entries: [],
    };
    const copy = new Raft({ id, persisted, applied: NO_INDEX, random, nowMs, options });
    copy.#state = this.#state.clone();
    copy.#role = this.#role.clone(copy.#state, copy.#transitions);
    copy.#readSession = this.#readSession;
    copy.#readNumber = this.#readNumber;
    return copy;
  }

  #notLeader(): Refusal {
    return { reason: "not-leader", leader: this.#state.leader };
  }

  #follow(term: Term, leader: MemberId): void {
    const state = this.#state;
    this.#role.end();
    if (term > state.term) state.enterTerm(term, NOBODY);
    state.leader = leader;
    // Who follows already waits no longer for that: else those who cannot win keep the one who can from trying (Raft §5.2).
    if (!(this.#role instanceof Follower)) state.retryElection();
    this.#role = new Follower(state, this.#transitions);
  }

  #campaign(kind: Campaign): void {
    const state = this.#state;
    if (!state.mayCampaign) return;
    this.#role.end();
    const candidate = new Candidate(state, this.#transitions, kind === "pre-vote");
    this.#role = candidate;
    candidate.begin(kind);
  }

  #lead(): void {
    this.#role.end();
    this.#state.hurries = undefined;
    const leader = new Leader(this.#state, this.#transitions);
    this.#role = leader;
    leader.begin();
  }

  /** Raft §5.4.1 and thesis §4.2.3, §9.6. Any member votes, also one that is none by its own log: that may be old. */
  #answerVote(request: RequestVote): void {
    const state = this.#state;
    const { from, isPre, isTransfer, lastIndex, lastTerm } = request;
    // Patience that was promised to a leader outlives its term: other news may have ended that meanwhile.
    const isPatient = state.defendsLeader && !isTransfer;
    if (request.term > state.term) {
      if (isPatient) return;
      if (!isPre) this.#follow(request.term, NOBODY);
    }
    const isFree = state.vote === from || (state.vote === NOBODY && state.leader === NOBODY && !isPatient);
    const mayGrant = request.term === state.term ? isFree : isPre && request.term > state.term;
    const isGranted = mayGrant && state.log.isBehind({ index: lastIndex, term: lastTerm });
    if (isPre) {
      state.send({ type: "vote", to: from, isPre, isGranted, term: isGranted ? request.term : state.term });
      return;
    }
    if (isGranted) {
      state.vote = from;
      state.restartElectionTimer();
    }
    state.sendAfterPersist({ type: "vote", to: from, isPre, isGranted });
  }

  /** A leader of an earlier term learns that it is none, also where it could not be told by an election. */
  #answerStale(message: Message): void {
    if (!isOfLeader(message)) return;
    const { commit } = this.#state;
    const rejection = {
      isRejected: true,
      index: commit,
      hintIndex: commit,
      hintTerm: this.#state.term,
      round: 0,
    };
    this.#state.send({ type: "append-reply", to: message.from, ...rejection });
  }

  #takeWrite(): Ready["write"] {
    const state = this.#state;
    const { term, vote, log, chunks, install } = state;
    const entries = log.take();
    const isVoteNew = term !== this.#written.term || vote !== this.#written.vote;
    if (!isVoteNew && entries.length === 0 && chunks.length === 0 && install === undefined) return undefined;
    state.chunks = [];
    state.install = undefined;
    const isCommitNew = state.commit !== this.#written.commit;
    if (!isVoteNew && !isCommitNew) return { hardState: undefined, entries, chunks, install };
    this.#written = { term, vote, commit: state.commit };
    return { hardState: this.#written, entries, chunks, install };
  }

  #takeCommitted(): Ready["committed"] {
    const state = this.#state;
    const { log, options } = state;
    const end = minIndex(state.commit, log.stable);
    if (end <= state.handed) return [];
    const bounds = { countMax: Infinity, bytesMax: options.applyBytesMax };
    const committed = log.slice((state.handed + 1) as LogIndex, end, bounds);
    state.handed = committed.at(-1)!.index;
    return committed;
  }
}

function isOfLeader({ type }: Message): boolean {
  return type === "append" || type === "heartbeat" || type === "snapshot";
}

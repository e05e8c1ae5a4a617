/**
 * Leads (Raft §5.3, §5.4, §6; thesis §3.10, §4, §6.4).
 *
 * Invariants
 *  1. It never takes anything out of its log.
 *  2. It counts copies only of entries of its own term; what came before is committed along with them (§5.4.2, figure 8).
 *  3. One change of the membership at a time, and none before it has committed something in its term.
 */
import { EntryKind, type Entry } from "./entry.ts";
import { logIndex, NOBODY, plus, type LogIndex, type MemberId } from "./ids.ts";
import type { MemberState } from "./member-state.ts";
import {
  changeMembership,
  isJoint,
  isMember,
  isVoter,
  leaveJoint,
  type Membership,
  type MembershipChange,
} from "./membership.ts";
import type { Message, ReadId } from "./message.ts";
import { quorumReached } from "./quorum.ts";
import { Replicator } from "./replicator.ts";
import type { Role, Transitions } from "./role.ts";
import { Rounds } from "./rounds.ts";

/** Why something that was asked of a leader does not happen. All but `invalid` may be different a moment later. */
export type Refusal =
  | { readonly reason: "not-leader"; readonly leader: MemberId }
  | {
      readonly reason:
        | "transferring"
        | "too-much-uncommitted"
        | "leaving"
        | "change-under-way"
        | "too-far-behind";
    }
  | { readonly reason: "invalid"; readonly message: string };

export type Proposed = { readonly index: LogIndex; readonly term: number } | Refusal;

interface Transfer {
  readonly to: MemberId;
  readonly givenUpAtMs: number;
  isSent: boolean;
}

/** Who is to vote has to have this part of the log (thesis §4.2.1: else the majority may be one that has to catch up first). */
const PROMOTABLE_PART = 0.9;
const NO_DATA = new Uint8Array();

export class Leader implements Role {
  readonly name = "leader";
  readonly #state: MemberState;
  readonly #transitions: Transitions;
  readonly #replicator: Replicator;
  #rounds = new Rounds();
  #transfer: Transfer | undefined;
  /** It asked somebody to succeed it in this term, who may not have forgotten; members do not defend it then. */
  #hasGivenUpLease = false;
  #uncommittedBytes = 0;
  #heartbeatAtMs = 0;
  /** Nobody can be blamed for silence before this. */
  #judgesFromMs: number;

  constructor(state: MemberState, transitions: Transitions, replicator = new Replicator(state)) {
    this.#state = state;
    this.#transitions = transitions;
    this.#replicator = replicator;
    this.#judgesFromMs = state.nowMs + state.options.electionTimeoutMs;
  }

  begin(): void {
    const state = this.#state;
    state.leader = state.id;
    for (let at = plus(state.commit, 1); at <= state.log.lastIndex; at = plus(at, 1)) {
      this.#uncommittedBytes += state.log.at(at)!.data.length;
    }
    this.#append(EntryKind.NOOP, {});
    this.#heartbeatAtMs = state.nowMs + state.options.heartbeatMs;
  }

  get transferTarget(): MemberId {
    return this.#transfer?.to ?? NOBODY;
  }

  get replicator(): Replicator {
    return this.#replicator;
  }

  /** One entry for each of `data`, all of them or none. */
  propose(data: readonly Uint8Array[]): Proposed {
    const state = this.#state;
    if (this.#transfer !== undefined) return { reason: "transferring" };
    if (!isMember(state.log.membership, state.id)) return { reason: "leaving" };
    let bytes = 0;
    for (const each of data) bytes += each.length;
    // Something is taken whatever its size while nothing else waits, so that no size is refused for ever.
    const isTooMuch = this.#uncommittedBytes + bytes > state.options.uncommittedBytesMax;
    if (isTooMuch && this.#uncommittedBytes > 0) return { reason: "too-much-uncommitted" };
    this.#uncommittedBytes += bytes;
    const index = plus(state.log.lastIndex, 1);
    for (const each of data) this.#append(EntryKind.DATA, { data: each });
    return { index, term: state.term };
  }

  changeMembership(changes: readonly MembershipChange[]): Proposed {
    const { log, commit, term } = this.#state;
    if (this.#transfer !== undefined) return { reason: "transferring" };
    if (!this.#hasCommittedInTerm || log.membershipIndex > commit || isJoint(log.membership)) {
      return { reason: "change-under-way" };
    }
    const after = changeMembership(log.membership, changes);
    if (typeof after === "string") return { reason: "invalid", message: after };
    if (after.voters.some((id) => log.membership.learners.includes(id) && !this.#isInSync(id))) {
      return { reason: "too-far-behind" };
    }
    return { index: this.#appendMembership(after), term };
  }

  /** Hands over, once `to` has everything. Refuses proposals meanwhile, for one election timeout at the most. */
  transfer(to: MemberId): Refusal | undefined {
    const { id, log, nowMs, options } = this.#state;
    if (to === id) return undefined;
    if (!log.membership.voters.includes(to))
      return { reason: "invalid", message: `member ${to} is no voter` };
    if (this.#transfer !== undefined && this.#transfer.to !== to) return { reason: "transferring" };
    this.#transfer ??= { to, givenUpAtMs: nowMs + options.electionTimeoutMs, isSent: false };
    return undefined;
  }

  read(from: MemberId, read: ReadId): void {
    const state = this.#state;
    if (this.#rounds.waitingCount >= state.options.readsMax) {
      this.#answerRead(from, read, undefined);
      return;
    }
    const index = this.#hasCommittedInTerm ? state.commit : undefined;
    if (index !== undefined && this.#hasLease) this.#answerRead(from, read, index);
    else this.#rounds.ask(from, read, index);
  }

  step(message: Message): void {
    switch (message.type) {
      case "append-reply":
      case "heartbeat-reply":
      case "snapshot-reply":
        this.#replied(message);
        return;
      case "read-request":
        this.read(message.from, message.read);
        break;
      default:
    }
  }

  tick(wasStalled: boolean): void {
    const { nowMs, options, term } = this.#state;
    if (wasStalled) this.#judgesFromMs = nowMs + options.electionTimeoutMs;
    if (nowMs >= this.#judgesFromMs && nowMs - this.#quorumHeardAtMs() > options.electionTimeoutMs) {
      // It cannot commit anything any more, and others may lead by now (thesis §6.2).
      this.#transitions.follow(term, NOBODY);
      return;
    }
    if (this.#transfer !== undefined && nowMs >= this.#transfer.givenUpAtMs) this.#transfer = undefined;
    this.#replicator.forgetLeavers();
    if (nowMs < this.#heartbeatAtMs) return;
    this.#beginRound();
    this.#heartbeatAtMs = nowMs + options.heartbeatMs;
  }

  persisted(): void {
    this.#evaluate();
  }

  flush(): void {
    if (this.#rounds.isWanted) this.#beginRound();
    this.#answerReads();
    this.#replicator.flush(this.#rounds.current);
    const transfer = this.#transfer;
    if (transfer === undefined || transfer.isSent) return;
    if (this.#replicator.matchOf(transfer.to) < this.#state.log.lastIndex) return;
    transfer.isSent = true;
    this.#hasGivenUpLease = true;
    this.#state.send({ type: "timeout-now", to: transfer.to });
  }

  end(): void {
    for (const { from, read } of this.#rounds.takeAll()) {
      if (from === this.#state.id) this.#state.answerRead(read, undefined);
    }
  }

  snapshotFailed(id: MemberId): void {
    this.#replicator.snapshotFailed(id);
  }

  describe(): unknown {
    return {
      peers: this.#replicator.describe(),
      rounds: this.#rounds.describe(),
      transfer: this.#transfer,
      hasGivenUpLease: this.#hasGivenUpLease,
      uncommittedBytes: this.#uncommittedBytes,
      heartbeatAtMs: this.#heartbeatAtMs,
      judgesFromMs: this.#judgesFromMs,
    };
  }

  clone(state: MemberState, transitions: Transitions): Role {
    const copy = new Leader(state, transitions, this.#replicator.clone(state));
    copy.#rounds = this.#rounds.clone();
    copy.#transfer = this.#transfer && { ...this.#transfer };
    copy.#hasGivenUpLease = this.#hasGivenUpLease;
    copy.#uncommittedBytes = this.#uncommittedBytes;
    copy.#heartbeatAtMs = this.#heartbeatAtMs;
    copy.#judgesFromMs = this.#judgesFromMs;
    return copy;
  }

  #replied(
    message: Message & { readonly type: "append-reply" | "heartbeat-reply" | "snapshot-reply" },
  ): void {
    const progress = this.#replicator.heard(message.from, message.round);
    if (progress === undefined) return;
    if (message.type === "append-reply") this.#replicator.appendReplied(progress, message);
    else if (message.type === "heartbeat-reply") this.#replicator.heartbeatReplied(progress);
    else this.#replicator.snapshotReplied(progress, message);
    this.#evaluate();
  }

  /** Does whatever follows from what is known by now. */
  #evaluate(): void {
    this.#advanceCommit();
    this.#answerReads();
    const { log, commit, id } = this.#state;
    if (log.membershipIndex > commit) return;
    if (isJoint(log.membership)) this.#appendMembership(leaveJoint(log.membership));
    else if (!isVoter(log.membership, id)) this.#leave();
  }

  #advanceCommit(): void {
    const { log, commit, term } = this.#state;
    const reached = logIndex(quorumReached(log.membership, (id) => this.#replicator.matchOf(id)));
    if (reached <= commit || log.termAt(reached) !== term) return;
    for (let at = plus(commit, 1); at <= reached; at = plus(at, 1)) {
      this.#uncommittedBytes -= log.at(at)!.data.length;
    }
    this.#state.commit = reached;
    this.#rounds.nameIndex(reached);
  }

  /** Others go on without it. They learn that this is decided, and who comes next need not wait for an election. */
  #leave(): void {
    const { log, term } = this.#state;
    this.#replicator.flush(this.#rounds.current);
    const successor = log.membership.voters.find((id) => this.#replicator.matchOf(id) === log.lastIndex);
    if (successor !== undefined) this.#state.send({ type: "timeout-now", to: successor });
    this.#transitions.follow(term, NOBODY);
  }

  #append(
    kind: EntryKind,
    { data = NO_DATA, membership }: { data?: Uint8Array; membership?: Membership },
  ): void {
    const { log, term } = this.#state;
    const entry: Entry = { index: plus(log.lastIndex, 1), term, kind, data, membership };
    log.append(entry);
  }

  #appendMembership(membership: Membership): LogIndex {
    this.#append(EntryKind.MEMBERSHIP, { membership });
    this.#replicator.followMembership();
    return this.#state.log.lastIndex;
  }

  get #hasCommittedInTerm(): boolean {
    const { log, commit, term } = this.#state;
    return log.termAt(commit) === term;
  }

  #isInSync(id: MemberId): boolean {
    return this.#replicator.matchOf(id) >= this.#state.log.lastIndex * PROMOTABLE_PART;
  }

  #beginRound(): void {
    this.#rounds.begin(this.#state.nowMs);
    this.#replicator.heartbeat(this.#rounds.current);
  }

  #confirmedRound(): number {
    const { id: self, log } = this.#state;
    const { peers } = this.#replicator;
    return quorumReached(log.membership, (id) =>
      id === self ? this.#rounds.current : (peers.get(id)?.round ?? 0),
    );
  }

  #quorumHeardAtMs(): number {
    const { id: self, log, nowMs } = this.#state;
    const { peers } = this.#replicator;
    return quorumReached(log.membership, (id) =>
      id === self ? nowMs : (peers.get(id)?.heardAtMs ?? -Infinity),
    );
  }

  #answerReads(): void {
    const confirmed = this.#confirmedRound();
    this.#rounds.forget(confirmed);
    for (const { from, read, index } of this.#rounds.take(confirmed)) this.#answerRead(from, read, index);
  }

  #answerRead(to: MemberId, read: ReadId, index: LogIndex | undefined): void {
    if (to === this.#state.id) this.#state.answerRead(read, index);
    else if (index !== undefined) this.#state.send({ type: "read-reply", to, read, index });
  }

  /** Until then nobody else can have been elected, by the clocks of a majority. */
  get #hasLease(): boolean {
    const { nowMs, options } = this.#state;
    if (options.lease === undefined || this.#hasGivenUpLease || this.#transfer !== undefined) return false;
    const beganAt = this.#rounds.confirmedBeganAt(this.#confirmedRound());
    return nowMs < beganAt + options.electionTimeoutMs * (1 - options.lease.driftMax);
  }
}

/** The leader's side of replication (Raft §5.3): what each follower has, and what it is sent next. */
import { Inflights } from "./inflights.ts";
import { minIndex, NO_INDEX, plus, type LogIndex, type MemberId } from "./ids.ts";
import type { MemberState } from "./member-state.ts";
import { membersOf } from "./membership.ts";
import type { AppendReply, SnapshotReply } from "./message.ts";
import { Progress } from "./progress.ts";

const NO_DATA = new Uint8Array();

export class Replicator {
  readonly #state: MemberState;
  readonly #peers: Map<MemberId, Progress>;

  constructor(state: MemberState, peers = new Map<MemberId, Progress>()) {
    this.#state = state;
    this.#peers = peers;
    this.followMembership();
  }

  get peers(): ReadonlyMap<MemberId, Progress> {
    return this.#peers;
  }

  /** Of this member, what is on its own disk: it is one of those that make a majority, no more and no less. */
  matchOf(id: MemberId): LogIndex {
    return id === this.#state.id ? this.#state.log.stable : (this.#peers.get(id)?.match ?? NO_INDEX);
  }

  /** The membership may have changed. Those who are no members any more still get what tells them so, for a while. */
  followMembership(): void {
    const { id: self, log, nowMs, options } = this.#state;
    const members = membersOf(log.membership);
    for (const id of members) {
      if (id === self) continue;
      const known = this.#peers.get(id);
      if (known === undefined) this.#peers.set(id, this.#newProgress());
      else known.leavesAtMs = undefined;
    }
    for (const [id, progress] of this.#peers) {
      if (!members.includes(id)) progress.leavesAtMs ??= nowMs + options.electionTimeoutMs;
    }
  }

  forgetLeavers(): void {
    for (const [id, { leavesAtMs }] of this.#peers) {
      if (leavesAtMs !== undefined && leavesAtMs <= this.#state.nowMs) this.#peers.delete(id);
    }
  }

  heard(from: MemberId, round: number): Progress | undefined {
    const progress = this.#peers.get(from);
    if (progress === undefined) return undefined;
    progress.heardAtMs = this.#state.nowMs;
    if (round > progress.round) progress.round = round;
    return progress;
  }

  appendReplied(progress: Progress, { isRejected, index, hintIndex, hintTerm }: AppendReply): void {
    const { log } = this.#state;
    if (isRejected) {
      // Both sides skip whole terms, so that logs that differ much are brought together in a few messages (Raft §5.3).
      progress.rejected(index, log.lastWithTermUpTo(hintIndex, hintTerm).index);
      return;
    }
    // What was never sent cannot have come.
    if (index > log.lastIndex) return;
    const isNews = progress.accepted(index);
    if (progress.state === "probe" && (isNews || index === progress.match)) progress.becomeReplicate();
    // Whatever brought it here, it can go on: from the log, or where that begins later by now, with the next snapshot.
    else if (progress.state === "snapshot") {
      const wanted = progress.outgoing?.snapshot.index ?? Infinity;
      if (progress.match >= Math.min(log.base.index, wanted)) progress.becomeReplicate();
    }
  }

  heartbeatReplied(progress: Progress): void {
    progress.isPaused = false;
    if (progress.state === "replicate" && progress.match < this.#state.log.lastIndex)
      progress.isDoubted = true;
    const { outgoing } = progress;
    const { nowMs, options } = this.#state;
    // The answer to the piece, or the piece itself, was lost.
    if (outgoing?.sentAtMs !== undefined && nowMs - outgoing.sentAtMs >= options.electionTimeoutMs) {
      outgoing.sentAtMs = undefined;
    }
  }

  snapshotReplied(progress: Progress, { index, offset }: SnapshotReply): void {
    const { outgoing } = progress;
    if (outgoing?.snapshot.index !== index || offset >= outgoing.snapshot.sizeBytes) return;
    if (offset === outgoing.offset && outgoing.sentAtMs !== undefined) return;
    outgoing.offset = offset;
    outgoing.sentAtMs = undefined;
  }

  /** It cannot be had any more, or cannot be sent. */
  snapshotFailed(id: MemberId): void {
    const progress = this.#peers.get(id);
    if (progress?.state === "snapshot") progress.becomeProbe(plus(progress.match, 1));
  }

  /** Somebody who is there waits for a snapshot that is not. */
  get wantsSnapshot(): boolean {
    if (this.#state.offered !== undefined) return false;
    for (const progress of this.#peers.values()) {
      if (progress.state === "snapshot" && progress.outgoing === undefined && this.#isThere(progress))
        return true;
    }
    return false;
  }

  heartbeat(round: number): void {
    for (const [to, { match }] of this.#peers) {
      this.#state.send({ type: "heartbeat", to, commit: minIndex(match, this.#state.commit), round });
    }
  }

  /** Sends everybody what there is for them. */
  flush(round: number): void {
    for (const [to, progress] of this.#peers) {
      if (progress.state !== "snapshot") this.#sendEntries(to, progress, round);
      if (progress.state === "snapshot") this.#sendChunk(to, progress, round);
    }
  }

  describe(): unknown {
    return [...this.#peers].map(([member, progress]) => {
      return { member, ...progress, inflights: progress.inflights.describe() };
    });
  }

  clone(state: MemberState): Replicator {
    return new Replicator(state, new Map([...this.#peers].map(([id, progress]) => [id, progress.clone()])));
  }

  #newProgress(): Progress {
    const { log, nowMs, options } = this.#state;
    const { inflightMessagesMax: countMax, inflightBytesMax: bytesMax } = options;
    const inflights = new Inflights({ countMax, bytesMax });
    return new Progress({ next: plus(log.lastIndex, 1), nowMs, inflights });
  }

  #sendEntries(to: MemberId, progress: Progress, round: number): void {
    const { log, commit } = this.#state;
    while (this.#maySend(progress)) {
      const prevIndex = plus(progress.next, -1);
      const prevTerm = log.termAt(prevIndex);
      if (prevTerm === undefined) {
        progress.becomeSnapshot();
        return;
      }
      const entries = this.#entriesFrom(progress);
      this.#state.send({ type: "append", to, prevIndex, prevTerm, entries, commit, round });
      progress.toldCommit = commit;
      progress.isDoubted = false;
      if (progress.state === "probe") {
        progress.isPaused = true;
        return;
      }
      if (entries.length === 0) return;
      const last = plus(prevIndex, entries.length);
      progress.next = plus(last, 1);
      progress.inflights.add(last, bytesOf(entries));
    }
  }

  #maySend(progress: Progress): boolean {
    if (progress.state === "probe") return !progress.isPaused;
    if (progress.isDoubted) return true;
    const hasEntries = progress.next <= this.#state.log.lastIndex;
    return hasEntries ? !progress.inflights.isFull : progress.toldCommit < this.#state.commit;
  }

  #entriesFrom({ next, inflights }: Progress): ReturnType<MemberState["log"]["slice"]> {
    const { log, options } = this.#state;
    // What is sent in spite of a full window only asks.
    if (next > log.lastIndex || inflights.isFull) return [];
    const bounds = { countMax: options.messageEntriesMax, bytesMax: options.messageBytesMax };
    return log.slice(next, log.lastIndex, bounds);
  }

  /** For who has not been heard lately no snapshot is made, and none is kept. */
  #isThere({ heardAtMs }: Progress): boolean {
    return this.#state.nowMs - heardAtMs < this.#state.options.electionTimeoutMs;
  }

  #sendChunk(to: MemberId, progress: Progress, round: number): void {
    const { offered } = this.#state;
    const isBeginning = progress.outgoing === undefined && offered !== undefined && this.#isThere(progress);
    if (isBeginning) progress.beginSnapshot(offered);
    const { outgoing } = progress;
    if (outgoing === undefined || outgoing.sentAtMs !== undefined) return;
    outgoing.sentAtMs = this.#state.nowMs;
    const { snapshot, offset } = outgoing;
    this.#state.send({ type: "snapshot", to, snapshot, offset, data: NO_DATA, round });
  }
}

function bytesOf(entries: readonly { readonly data: Uint8Array }[]): number {
  let bytes = 0;
  for (const { data } of entries) bytes += data.length;
  return bytes;
}

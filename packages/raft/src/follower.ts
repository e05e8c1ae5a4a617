/** Takes what the leader sends, and holds an election when it hears nothing (Raft §5.2, §5.3). */
import { maxIndex, minIndex, NOBODY, plus, type LogIndex, type MemberId } from "./ids.ts";
import type { MemberState } from "./member-state.ts";
import type { Append, Message, ReadId, SnapshotChunk } from "./message.ts";
import type { Role, Transitions } from "./role.ts";
import type { SnapshotMeta } from "./storage.ts";

interface ForwardedRead {
  readonly read: ReadId;
  readonly givenUpAtMs: number;
}

export class Follower implements Role {
  readonly name = "follower";
  readonly #state: MemberState;
  readonly #transitions: Transitions;
  /** Reads that the leader was asked about, by their number. */
  #forwarded = new Map<number, ForwardedRead>();

  constructor(state: MemberState, transitions: Transitions) {
    this.#state = state;
    this.#transitions = transitions;
  }

  step(message: Message): void {
    const state = this.#state;
    switch (message.type) {
      case "append":
        state.hearLeader(message.from);
        this.#append(message);
        return;
      case "heartbeat":
        state.hearLeader(message.from);
        state.commitTo(message.commit);
        state.send({ type: "heartbeat-reply", to: message.from, round: message.round });
        return;
      case "snapshot":
        state.hearLeader(message.from);
        this.#receive(message);
        return;
      case "timeout-now":
        this.#transitions.campaign("transfer");
        return;
      case "read-reply":
        this.#answerRead(message.read, message.index);
        break;
      default:
    }
  }

  tick(wasStalled: boolean): void {
    const state = this.#state;
    for (const [number, { read, givenUpAtMs }] of this.#forwarded) {
      if (givenUpAtMs > state.nowMs) break;
      this.#forwarded.delete(number);
      state.answerRead(read, undefined);
    }
    if (wasStalled) state.restartElectionTimer();
    if (state.nowMs < state.electionAtMs) return;
    if (state.mayCampaign) this.#transitions.campaign("pre-vote");
    else state.restartElectionTimer();
  }

  /** The connection to the leader broke: most likely it died. */
  suspectLeader(): void {
    const state = this.#state;
    // With leases, somebody may rely on this member's patience.
    if (state.options.lease !== undefined) return;
    const [from, to] = state.options.suspicionMs;
    state.leaderHeardAtMs = -Infinity;
    state.hurries = 0;
    state.electionAtMs = Math.min(state.electionAtMs, state.nowMs + from + state.random() * (to - from));
  }

  /** Asks the leader how far the answer to a read must reach. */
  forward(read: ReadId): void {
    const state = this.#state;
    if (state.leader === NOBODY || this.#forwarded.size >= state.options.readsMax) {
      state.answerRead(read, undefined);
      return;
    }
    this.#forwarded.set(read.number, { read, givenUpAtMs: state.nowMs + state.options.electionTimeoutMs });
    state.send({ type: "read-request", to: state.leader, read });
  }

  persisted(): void {}

  flush(): void {}

  end(): void {
    for (const { read } of this.#forwarded.values()) this.#state.answerRead(read, undefined);
  }

  describe(): unknown {
    return { forwarded: [...this.#forwarded.values()] };
  }

  clone(state: MemberState, transitions: Transitions): Role {
    const copy = new Follower(state, transitions);
    copy.#forwarded = new Map(this.#forwarded);
    return copy;
  }

  #append({ from, prevIndex, prevTerm, entries, commit, round }: Append): void {
    const state = this.#state;
    const { log } = state;
    // What is committed is alike everywhere, also where the log does not reach back that far.
    if (prevIndex > state.commit && !log.holds({ index: prevIndex, term: prevTerm })) {
      const { index: hintIndex, term: hintTerm } = log.lastWithTermUpTo(prevIndex, prevTerm);
      const rejection = { isRejected: true, index: prevIndex, hintIndex, hintTerm, round };
      state.send({ type: "append-reply", to: from, ...rejection });
      return;
    }
    for (const entry of entries) {
      // A message that comes late must not cut off what came after it: only a real conflict does.
      if (entry.index <= state.commit || log.holds(entry)) continue;
      if (entry.index <= log.lastIndex) state.truncateLog(entry.index);
      log.append(entry);
    }
    const last = plus(prevIndex, entries.length);
    state.commitTo(minIndex(commit, last));
    this.#acknowledge(from, maxIndex(last, state.commit), round);
  }

  #acknowledge(to: MemberId, index: LogIndex, round: number): void {
    const acceptance = { isRejected: false, index, hintIndex: index, hintTerm: this.#state.term, round };
    this.#state.sendAfterPersist({ type: "append-reply", to, ...acceptance });
  }

  #receive({ from, snapshot, offset, data, round }: SnapshotChunk): void {
    const state = this.#state;
    const { index } = snapshot;
    // Known already, all of it: it moves nothing back. What the log holds beyond it stays (Raft §7).
    if (index <= state.commit || state.log.holds(snapshot)) {
      state.commitTo(index);
      this.#acknowledge(from, state.commit, round);
      return;
    }
    const known = state.incoming;
    let receivedBytes = known !== undefined && isSame(known.snapshot, snapshot) ? known.receivedBytes : 0;
    if (offset === receivedBytes && offset + data.length <= snapshot.sizeBytes) {
      receivedBytes += data.length;
      state.chunks.push({ snapshot, offset, data });
    }
    state.incoming = { snapshot, receivedBytes };
    if (receivedBytes === snapshot.sizeBytes) {
      state.installSnapshot(snapshot);
      this.#acknowledge(from, index, round);
    } else {
      state.sendAfterPersist({ type: "snapshot-reply", to: from, index, offset: receivedBytes, round });
    }
  }

  #answerRead({ session, number }: ReadId, index: LogIndex): void {
    const known = this.#forwarded.get(number);
    if (known === undefined || known.read.session !== session) return;
    this.#forwarded.delete(number);
    this.#state.answerRead(known.read, index);
  }
}

function isSame(a: SnapshotMeta, b: SnapshotMeta): boolean {
  return a.index === b.index && a.term === b.term && a.sizeBytes === b.sizeBytes && a.checksum === b.checksum;
}

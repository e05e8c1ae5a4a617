/**
 * What must hold after every event (Raft figure 3, and what follows from it). Whatever an event did, it did to one member;
 * only that one is looked at, and only what is new of it.
 *
 *  election safety        one leader a term; one vote a term and member
 *  leader append-only     a leader's log only grows
 *  log matching           an entry of an index and a term is the same everywhere, and so is what is in front of it
 *  leader completeness    who is elected has all that is committed
 *  state machine safety   everybody applies the same; snapshots show the same
 *  membership             who counts is who the last entry about it says, from when it is in the log
 *  commitment             what is committed is on the disks of a majority, and never changes
 *  monotony               term and commit index do not fall
 *  durability             what a member promises is on its disk before anybody hears of it, and so is what it applies
 *  bounds                 what is under way to a follower, and what is not committed, has a limit
 *  check quorum           a leader that hears of no majority gives up
 */
import {
  plus,
  quorumReached,
  sameMembership,
  type AppendReply,
  type Entry,
  type MemberId,
  type Message,
  type Raft,
  type RaftLog,
  type Term,
} from "@lattice/raft";
import { Violation } from "../violation.ts";
import { applyEntry, INITIAL_STATE, type MachineState } from "./machine-state.ts";
import type { RaftDisk } from "./raft-disk.ts";

interface Known {
  readonly entry: Entry;
  readonly previousTerm: Term;
}

/** What was seen of a member last time. */
export class Seen {
  term = 0;
  commit = 0;
  lastIndex = 0;
  lastEntry: Entry | undefined;
  isLeader = false;
  /** By the member's own clock: when it was looked at, and until when its silence is nobody's fault. */
  atMs = 0;
  excusedToMs = 0;
  membershipIndex = 0;
}

export interface Observed {
  readonly id: MemberId;
  readonly raft: Raft;
  readonly disk: RaftDisk;
  readonly seen: Seen;
  /** By its own clock. */
  readonly localMs: number;
}

export interface Limits {
  readonly electionTimeoutMs: number;
  readonly inflightMessagesMax: number;
}

/** In election timeouts: for silence to be noticed, after the process was away for a while too. */
const SILENCE_MAX = 3;

export class Invariants {
  readonly #disks: ReadonlyMap<MemberId, RaftDisk>;
  readonly #leaders = new Map<number, MemberId>();
  /** By member and term. */
  readonly #votes = new Map<string, MemberId>();
  /** By index: the entries of all terms that were seen there. */
  readonly #known: Known[][] = [];
  /** `#committed[index - 1]`. */
  readonly #committed: Entry[] = [];
  /** In which term each of them was. */
  readonly #committedIn: Term[] = [];
  /** What the state machine shows after each of them; `[0]` is the beginning. */
  readonly #states: MachineState[] = [INITIAL_STATE];

  readonly #limits: Limits;

  readonly #raftOf: (id: MemberId) => Raft | undefined;

  constructor(options: {
    disks: ReadonlyMap<MemberId, RaftDisk>;
    limits: Limits;
    raftOf: (id: MemberId) => Raft | undefined;
  }) {
    this.#disks = options.disks;
    this.#limits = options.limits;
    this.#raftOf = options.raftOf;
  }

  get committedCount(): number {
    return this.#committed.length;
  }

  stateAt(index: number): MachineState | undefined {
    return this.#states[index];
  }

  check(member: Observed): void {
    const { id, raft, seen } = member;
    const { term, commit, role } = raft;
    if (term < seen.term) fail("monotony", `member ${id} went from term ${seen.term} to ${term}`);
    if (commit < seen.commit)
      fail("monotony", `member ${id} took its commit index from ${seen.commit} to ${commit}`);
    const isLeader = role === "leader";
    if (isLeader && seen.isLeader && term === seen.term) this.#checkGrows(member);
    this.#checkLog(member);
    if (isLeader && !(seen.isLeader && term === seen.term)) this.#elected(member, term);
    if (commit > seen.commit) this.#advanced(member, commit);
    if (isLeader) this.#checkPeers(member);
    seen.term = term;
    seen.commit = commit;
    seen.isLeader = isLeader;
    seen.atMs = member.localMs;
  }

  /** A member runs again from its disk. */
  restarted({ raft, seen }: Observed): void {
    const { term, commit } = raft;
    if (term < seen.term && seen.term <= this.#disks.get(raft.id)!.hardState.term) {
      fail("durability", `member ${raft.id} forgot term ${seen.term}`);
    }
    seen.term = term;
    seen.commit = Math.min(seen.commit, commit);
    seen.lastIndex = 0;
    seen.lastEntry = undefined;
    seen.isLeader = false;
  }

  /** About to leave a member. */
  sent({ id, disk }: { readonly id: MemberId; readonly disk: RaftDisk }, message: Message): void {
    if (message.type === "vote" && message.isGranted && !message.isPre)
      this.#voted(id, message.term, message.to, disk);
    else if (message.type === "request-vote" && !message.isPre) this.#voted(id, message.term, id, disk);
    else if (message.type === "append-reply" && !message.isRejected) this.#acknowledged(id, disk, message);
  }

  applied(id: MemberId, entry: Entry, state: MachineState): void {
    if (this.#disks.get(id)!.lastIndex < entry.index) {
      fail("durability", `member ${id} applied ${entry.index}, which it may lose`);
    }
    const committed = this.#committed[entry.index - 1];
    if (committed === undefined)
      fail("state machine safety", `member ${id} applied ${entry.index}, which is not committed`);
    if (committed.term !== entry.term || !sameContent(committed, entry)) {
      fail("state machine safety", `member ${id} applied something else at ${entry.index}`);
    }
    this.showed(id, state);
  }

  /** After an entry, or out of a snapshot. */
  showed(id: MemberId, state: MachineState): void {
    const expected = this.#states[state.index];
    if (expected?.chain !== state.chain)
      fail("state machine safety", `member ${id} has another state at ${state.index}`);
  }

  #acknowledged(id: MemberId, disk: RaftDisk, { to, term, index }: AppendReply): void {
    if (disk.hardState.term < term) fail("durability", `member ${id} speaks of a term that it may forget`);
    if (disk.hardState.term > term) return;
    if (disk.lastIndex < index)
      fail("durability", `member ${id} acknowledged ${index} and has ${disk.lastIndex}`);
    const leader = this.#raftOf(to);
    if (
      leader?.term !== term ||
      leader.role !== "leader" ||
      index <= disk.base.index ||
      index <= leader.log.base.index
    )
      return;
    if (leader.log.termAt(index) !== disk.termAt(index))
      fail("log matching", `member ${id} acknowledged ${index}, which is not what its leader has there`);
  }

  #checkGrows({ id, raft, seen }: Observed): void {
    const isKept =
      raft.log.lastIndex >= seen.lastIndex &&
      (seen.lastIndex <= raft.log.base.index ||
        raft.log.at(plus(raft.log.base.index, seen.lastIndex - raft.log.base.index)) === seen.lastEntry);
    if (!isKept) fail("leader append-only", `member ${id} lost what its log had at ${seen.lastIndex}`);
  }

  #checkLog({ id, raft: { log }, seen }: Observed): void {
    const { lastIndex, base } = log;
    let from = seen.lastIndex;
    // Where the last entry is still the one that it was, nothing before it has changed.
    if (from <= base.index || log.at(plus(base.index, from - base.index)) !== seen.lastEntry)
      from = base.index;
    for (let index = from + 1; index <= lastIndex; index++) {
      const at = plus(base.index, index - base.index);
      const entry = log.at(at)!;
      this.#know(id, entry, log.termAt(plus(at, -1))!);
    }
    seen.lastIndex = lastIndex;
    seen.lastEntry = log.at(lastIndex);
    this.#checkMembership(id, log);
  }

  /** What counts is what the log says last, committed or not. */
  #checkMembership(id: MemberId, log: RaftLog): void {
    const { membershipIndex, snapshot, membership } = log;
    const isOfSnapshot = membershipIndex === (snapshot?.index ?? 0);
    const written = isOfSnapshot ? snapshot?.membership : log.at(membershipIndex)?.membership;
    if (membershipIndex > 0 && !(written !== undefined && sameMembership(written, membership))) {
      fail("membership", `member ${id} goes by a membership that its log has not got at ${membershipIndex}`);
    }
  }

  #know(id: MemberId, entry: Entry, previousTerm: Term): void {
    const known = (this.#known[entry.index] ??= []);
    const same = known.find((each) => each.entry.term === entry.term);
    if (same === undefined) known.push({ entry, previousTerm });
    else if (same.previousTerm !== previousTerm || !sameContent(same.entry, entry)) {
      fail("log matching", `member ${id} has another entry ${entry.index} of term ${entry.term}`);
    }
  }

  #elected({ id, raft }: Observed, term: Term): void {
    const other = this.#leaders.get(term);
    if (other !== undefined && other !== id)
      fail("election safety", `members ${other} and ${id} lead in term ${term}`);
    this.#leaders.set(term, id);
    this.#checkComplete(id, raft);
  }

  /** Of what was committed in earlier terms; a leader that comes late may know nothing of later ones. */
  #checkPeers({ id, raft, seen, localMs }: Observed): void {
    const { electionTimeoutMs, inflightMessagesMax } = this.#limits;
    const { peers } = raft;
    for (const [to, { inflights }] of peers) {
      if (inflights.count > inflightMessagesMax)
        fail("bounds", `${inflights.count} messages are under way to member ${to}`);
    }
    const heardAtMs = quorumReached(raft.log.membership, (voter) =>
      voter === id ? localMs : (peers.get(voter)?.heardAtMs ?? 0),
    );
    const { membershipIndex } = raft.log;
    const isOther = membershipIndex !== seen.membershipIndex;
    // Just elected, or away for a while, or others count from now on.
    if (!seen.isLeader || isOther || localMs - seen.atMs >= electionTimeoutMs / 2) seen.excusedToMs = localMs;
    seen.membershipIndex = membershipIndex;
    const silentMs = localMs - Math.max(heardAtMs, seen.excusedToMs);
    if (silentMs > SILENCE_MAX * electionTimeoutMs) {
      fail("check quorum", `member ${id} leads, and has heard of no majority for ${Math.round(silentMs)} ms`);
    }
  }

  #checkComplete(id: MemberId, { log, term }: Raft): void {
    const at = this.#committedIn.findLastIndex((committedIn) => committedIn < term);
    const last = this.#committed[at];
    if (last === undefined || last.index <= log.base.index) return;
    if (!log.holds(last)) {
      fail("leader completeness", `member ${id} leads and has not entry ${last.index} of term ${last.term}`);
    }
  }

  #advanced(member: Observed, commit: number): void {
    const { id, raft, seen } = member;
    const { log } = raft;
    for (let index = Math.max(seen.commit, log.base.index) + 1; index <= commit; index++) {
      const entry = log.at(plus(log.base.index, index - log.base.index))!;
      const committed = this.#committed[index - 1];
      if (committed === undefined) this.#committedFirst(member, entry);
      else if (committed.term !== entry.term)
        fail("commitment", `member ${id} committed another entry ${index}`);
    }
  }

  #committedFirst({ id, raft }: Observed, entry: Entry): void {
    const held = quorumReached(raft.log.membership, (voter) =>
      this.#disks.get(voter)?.holds(entry.index, entry.term) === true ? 1 : 0,
    );
    if (held < 1)
      fail("commitment", `member ${id} committed ${entry.index}, which is not on the disks of a majority`);
    if (entry.index !== this.#committed.length + 1)
      fail("commitment", `member ${id} committed ${entry.index} too early`);
    this.#committed.push(entry);
    this.#committedIn.push(raft.term);
    this.#states.push(applyEntry(this.#states.at(-1)!, entry));
  }

  #voted(id: MemberId, term: Term, to: MemberId, { hardState }: RaftDisk): void {
    const place = `${id} ${term}`;
    const before = this.#votes.get(place);
    if (before !== undefined && before !== to)
      fail("election safety", `member ${id} voted for ${before} and ${to} in term ${term}`);
    this.#votes.set(place, to);
    const isKept = hardState.term > term || (hardState.term === term && hardState.vote === to);
    if (!isKept) fail("durability", `member ${id} gave a vote in term ${term} that it may forget`);
  }
}

function sameContent(a: Entry, b: Entry): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind || a.data.length !== b.data.length) return false;
  if (a.membership !== b.membership && JSON.stringify(a.membership) !== JSON.stringify(b.membership))
    return false;
  return a.data === b.data || Buffer.compare(a.data, b.data) === 0;
}

function fail(check: string, message: string): never {
  throw new Violation(check, message);
}

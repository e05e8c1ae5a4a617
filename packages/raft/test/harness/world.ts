/**
 * Members and a network of which every message waits until somebody delivers, drops or doubles it. Three promises are looked
 * at after every step: a term has one leader, all apply the same entry at the same index, and a read shows what anybody knew to
 * be committed when it began.
 */
import {
  EntryKind,
  logIndex,
  maxIndex,
  memberId,
  membershipOf,
  NOBODY,
  NO_INDEX,
  NO_TERM,
  NOTHING_PERSISTED,
  term,
  type MembershipChange,
  type Message,
  type Persisted,
  type Proposed,
  type Raft,
  type RaftOptions,
  type RaftStatus,
  type Refusal,
} from "@lattice/raft";
import { describeMessage } from "./format.ts";
import { Member, type Surroundings } from "./member.ts";

/** Of messages: what is left out fits everything. */
export interface MessageFilter {
  readonly from?: number;
  readonly to?: number;
  readonly type?: Message["type"];
}

export interface WorldOptions {
  readonly voters: readonly number[];
  readonly learners?: readonly number[];
  readonly options?: Partial<RaftOptions>;
  /** Fixed unless this says otherwise, so that who times out first can be told in advance. */
  readonly isChanceDrawn?: boolean;
}

/** How often time is looked at: as often as a leader sends heartbeats, and too often for anybody to seem stalled. */
const STEP_MS = 100;

export class World implements Surroundings {
  readonly options: Partial<RaftOptions>;
  readonly members = new Map<number, Member>();
  nowMs = 0;
  inFlight: Message[] = [];
  /** What happened since it was last taken. */
  #notes: string[] = [];
  readonly #cut = new Set<string>();
  readonly #leaderByTerm = new Map<number, number>();
  #committed = NO_INDEX;
  readonly #isChanceDrawn: boolean;

  constructor({ voters, learners = [], options = {}, isChanceDrawn = false }: WorldOptions) {
    this.options = { heartbeatMs: STEP_MS, ...options };
    this.#isChanceDrawn = isChanceDrawn;
    const founded = foundation(voters, learners);
    for (const id of [...voters, ...learners]) this.members.set(id, new Member(id, founded, this));
  }

  chanceOf(id: number, starts: number): () => number {
    if (!this.#isChanceDrawn) return () => id / 10 + (starts - 1) / 1000;
    // The generator of ANSI C: enough to keep two from doing the same for ever.
    let state = id * 100 + starts;
    return () => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return state / 2 ** 31;
    };
  }

  /** A member that knows nothing yet. */
  join(id: number): void {
    this.members.set(id, new Member(id, NOTHING_PERSISTED, this));
  }

  member(id: number): Member {
    const member = this.members.get(id);
    if (member === undefined) throw new Error(`there is no member ${id}`);
    return member;
  }

  raft(id: number): Raft {
    return this.member(id).raft;
  }

  status(id: number): RaftStatus {
    return this.raft(id).status();
  }

  /** `index:term` of what it holds. */
  log(id: number): string {
    const { base, lastIndex } = this.raft(id).log;
    const indices = Array.from({ length: lastIndex - base.index }, (_, at) => logIndex(base.index + at + 1));
    return indices.map((index) => `${index}:${this.raft(id).termAt(index)}`).join(" ");
  }

  get leader(): number | undefined {
    const leaders = this.#running().filter(({ raft }) => raft.status().role === "leader");
    return leaders.toSorted((a, b) => b.raft.status().term - a.raft.status().term)[0]?.id;
  }

  // What is asked of members.

  /** Holds the election to its end. What the new leader sends is under way then. */
  elect(id: number): void {
    this.campaign(id);
    while (this.inFlight.length > 0 && this.status(id).role.endsWith("candidate")) this.deliver();
    if (this.status(id).role !== "leader") throw new Error(`member ${id} was not elected`);
  }

  campaign(id: number): void {
    this.member(id).call((raft) => raft.campaign());
    this.#check();
  }

  propose(id: number, ...words: string[]): Proposed {
    const data = words.map((word) => new TextEncoder().encode(word));
    return this.member(id).call((raft) => raft.propose(data));
  }

  change(id: number, ...changes: MembershipChange[]): Proposed {
    for (const { kind, member } of changes) {
      if (kind !== "remove" && !this.members.has(member)) this.join(member);
    }
    return this.member(id).call((raft) => raft.changeMembership(changes));
  }

  transfer(id: number, to: number): Refusal | undefined {
    return this.member(id).call((raft) => raft.transfer(memberId(to)));
  }

  /** Reads that begin at once. */
  read(id: number, count = 1): void {
    this.member(id).read(count, this.#committed);
  }

  // The network.

  send(message: Message): void {
    this.inFlight.push(message);
  }

  note(line: string): void {
    this.#notes.push(line);
  }

  takeNotes(): string[] {
    const notes = this.#notes;
    this.#notes = [];
    return notes;
  }

  /** Delivers what is under way now and fits; what follows from it waits. */
  deliver(filter: MessageFilter = {}): void {
    for (const message of this.drop(filter)) this.deliverOne(message);
  }

  /** Takes out what fits. */
  drop(filter: MessageFilter = {}): Message[] {
    const taken = this.inFlight.filter((message) => fits(message, filter));
    this.inFlight = this.inFlight.filter((message) => !fits(message, filter));
    return taken;
  }

  deliverOne(message: Message): void {
    const receiver = this.members.get(message.to);
    const isLost = !receiver?.isRunning || this.#cut.has(link(message.from, message.to));
    this.note(`${describeMessage(message)}${isLost ? " (lost)" : ""}`);
    if (isLost) return;
    receiver.call((raft) => raft.step(message));
    this.#check();
  }

  /** Until nothing is under way. */
  settle(): void {
    for (let left = 10_000; this.inFlight.length > 0; left--) {
      if (left === 0) throw new Error("messages without an end");
      this.deliverOne(this.inFlight.shift()!);
    }
  }

  cut(from: number, to: number): void {
    this.#cut.add(link(from, to));
  }

  /** Cuts it off from everybody, both ways. */
  isolate(id: number): void {
    for (const other of this.members.keys()) {
      this.cut(id, other);
      this.cut(other, id);
    }
  }

  heal(): void {
    this.#cut.clear();
  }

  // Time, and what befalls members.

  /** Time passes; whether what is sent meanwhile is delivered is up to `meanwhile`. */
  pass(ms: number, meanwhile?: () => void): void {
    for (let left = ms; left > 0; left -= STEP_MS) {
      this.nowMs += Math.min(left, STEP_MS);
      for (const member of this.#running()) this.#tick(member);
      meanwhile?.();
    }
  }

  /** Time passes, and everything arrives at once. */
  run(ms: number): void {
    this.pass(ms, () => this.settle());
  }

  /** Nobody looked at the clock for so long. */
  jump(ms: number): void {
    this.nowMs += ms;
    for (const member of this.#running()) this.#tick(member);
  }

  crash(id: number): void {
    this.member(id).crash();
  }

  restart(id: number): void {
    this.member(id).crash();
    this.member(id).start();
  }

  #tick(member: Member): void {
    const { nowMs } = this;
    member.call((raft) => raft.tick(nowMs));
    this.#check();
  }

  #running(): Member[] {
    return [...this.members.values()].filter(({ isRunning }) => isRunning);
  }

  #check(): void {
    for (const { id, raft } of this.#running()) {
      const { role, term: now, commit } = raft.status();
      this.#committed = maxIndex(this.#committed, commit);
      if (role !== "leader") continue;
      const known = this.#leaderByTerm.get(now) ?? id;
      if (known !== id) throw new Error(`term ${now} has two leaders, ${known} and ${id}`);
      this.#leaderByTerm.set(now, id);
    }
    const applied = new Map<number, string>();
    for (const { id, history } of this.members.values()) {
      for (const [index, entry] of history) {
        const known = applied.get(index) ?? entry;
        if (known !== entry) throw new Error(`member ${id} applied ${entry}, others ${known}`);
        applied.set(index, entry);
      }
    }
  }
}

/** A cluster begins with an entry that names its members, in everybody's log, and applied. */
function foundation(voters: readonly number[], learners: readonly number[]): Persisted {
  const membership = membershipOf(voters.map(memberId), learners.map(memberId));
  const kind = EntryKind.MEMBERSHIP;
  return {
    hardState: { term: term(1), vote: NOBODY, commit: logIndex(1) },
    snapshot: undefined,
    base: { index: NO_INDEX, term: NO_TERM },
    entries: [{ index: logIndex(1), term: term(1), kind, data: new Uint8Array(), membership }],
  };
}

function fits(message: Message, { from, to, type }: MessageFilter): boolean {
  return (
    (from === undefined || message.from === from) &&
    (to === undefined || message.to === to) &&
    (type === undefined || message.type === type)
  );
}

function link(from: number, to: number): string {
  return `${from}→${to}`;
}

/** Consensus by itself: three members in one process, which hand each other their messages and whose disks take no time. */
import {
  EntryKind,
  logIndex,
  memberId,
  membershipOf,
  NO_INDEX,
  NO_TERM,
  NOBODY,
  Raft,
  term,
  type MemberId,
  type Message,
  type Persisted,
} from "@lattice/raft";
import { median, perSecond, rate, report } from "./report.ts";

const IDS = [1, 2, 3].map(memberId);
const ROUNDS = 5;
/** As a server would: some entries stay for followers that are a little behind. */
const SNAPSHOT_EVERY = 4000;
const TAIL_COUNT = 1000;

class Trio {
  readonly #members = new Map(IDS.map((id) => [id, memberOf(id)]));
  #messages: Message[] = [];
  stepCount = 0;
  committedCount = 0;

  constructor() {
    this.#members.get(IDS[0]!)!.campaign();
    this.#settle();
  }

  propose(data: readonly Uint8Array[]): void {
    this.#members.get(IDS[0]!)!.propose(data);
    this.#settle();
  }

  #settle(): void {
    for (const raft of this.#members.values()) this.#take(raft);
    while (this.#messages.length > 0) {
      const messages = this.#messages;
      this.#messages = [];
      const reached = new Set<Raft>();
      for (const message of messages) {
        const raft = this.#members.get(message.to)!;
        raft.step(message);
        this.stepCount += 1;
        reached.add(raft);
      }
      for (const raft of reached) this.#take(raft);
    }
  }

  #take(raft: Raft): void {
    for (;;) {
      const { messages, write, writeId, afterPersist, committed } = raft.takeReady();
      this.#messages.push(...messages, ...afterPersist);
      if (write !== undefined) raft.persisted(writeId);
      if (committed.length > 0) this.#apply(raft, committed.at(-1)!.index, committed.length);
      if (write === undefined && committed.length === 0) return;
    }
  }

  #apply(raft: Raft, index: ReturnType<typeof logIndex>, count: number): void {
    raft.applied(index);
    if (raft.id === IDS[0]) this.committedCount += count;
    if (index - raft.log.base.index < SNAPSHOT_EVERY + TAIL_COUNT) return;
    const base = logIndex(index - TAIL_COUNT);
    const membership = raft.membershipAt(index);
    const snapshot = { index, term: raft.termAt(index)!, membership, sizeBytes: 0, checksum: 0 };
    raft.snapshotTaken(snapshot, { index: base, term: raft.termAt(base)! });
  }
}

function memberOf(id: MemberId): Raft {
  const first = {
    index: logIndex(1),
    term: term(1),
    kind: EntryKind.MEMBERSHIP,
    data: new Uint8Array(),
    membership: membershipOf(IDS),
  };
  const persisted: Persisted = {
    hardState: { term: term(1), vote: NOBODY, commit: logIndex(1) },
    snapshot: undefined,
    base: { index: NO_INDEX, term: NO_TERM },
    entries: [first],
  };
  return new Raft({ id, persisted, applied: logIndex(1), random: () => 0.5, nowMs: 0 });
}

export async function benchRaftCore(): Promise<void> {
  for (const [batch, target] of [
    [1, "-"],
    [10, "-"],
    [100, "≥ 200,000/s, ≤ 5 µs a step"],
  ] as const) {
    const data = Array.from({ length: batch }, () => new Uint8Array(256));
    const turns = Math.max(20_000 / batch, 2000);
    const rates: number[] = [];
    const steps: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const trio = new Trio();
      const start = performance.now();
      for (let turn = 0; turn < turns; turn++) trio.propose(data);
      const ms = performance.now() - start;
      if (trio.committedCount < turns * batch) throw new Error("something was not committed");
      rates.push(perSecond(turns * batch, ms));
      steps.push((ms * 1000) / trio.stepCount);
    }
    const figure = `${rate(median(rates))}, ${median(steps).toFixed(2)} µs`;
    report(`Raft core, three members, ${batch} proposals a turn, 256 B`, figure, target);
  }
}

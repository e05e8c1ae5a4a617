/**
 * A member of a simulated cluster: the core that ships, and around it what a server does for it. Its disk, its name and its
 * clock outlive the process.
 */
import { LatticeError } from "@lattice/model";
import {
  logIndex,
  NO_INDEX,
  Raft,
  type Entry,
  type LogIndex,
  type MemberId,
  type Message,
  type Persisted,
  type ReadResult,
  type Ready,
  type SnapshotMeta,
} from "@lattice/raft";
import type { Prng } from "../prng.ts";
import type { RaftSettings } from "./action.ts";
import type { ClientOp, Clients } from "./clients.ts";
import type { RaftEventQueue } from "./event-queue.ts";
import { Seen, type Invariants, type Observed } from "./invariants.ts";
import {
  applyEntry,
  checksum,
  decodeState,
  encodeState,
  INITIAL_STATE,
  valueOf,
  type MachineState,
} from "./machine-state.ts";
import type { DiskWrite, RaftDisk } from "./raft-disk.ts";
import type { RaftNetwork } from "./raft-network.ts";

/** What members share. */
export interface Surroundings {
  readonly settings: RaftSettings;
  readonly queue: RaftEventQueue;
  readonly network: RaftNetwork;
  readonly invariants: Invariants;
  readonly clients: Clients;
  /** After every event of a member. */
  readonly onEvent: (member: SimMember) => void;
}

interface QueuedWrite {
  readonly write: DiskWrite;
  readonly done: () => void;
}

interface ReadOp {
  readonly op: ClientOp;
  /** Known once the leader has answered. */
  index: LogIndex | undefined;
}

interface WriteOp {
  readonly op: ClientOp;
  readonly term: number;
}

export class SimMember {
  readonly id: MemberId;
  readonly disk: RaftDisk;
  readonly seen = new Seen();
  readonly #around: Surroundings;
  readonly #random: Prng;
  raft: Raft | undefined;
  state: MachineState = INITIAL_STATE;
  /** Its log was damaged: it does not come back. */
  isDead = false;
  /** A bit of its log was changed: it may refuse to start, and is not blamed for that. */
  mayBeDamaged = false;
  #life = 0;
  #isPaused = false;
  #held: ((raft: Raft) => void)[] = [];
  #clock = { rate: 1, sinceMs: 0, localMs: 0 };
  #writes: QueuedWrite[] = [];
  /** What the disk is busy with. */
  #inFlight: QueuedWrite[] = [];
  #waiting: { readonly writeId: number; readonly messages: readonly Message[] }[] = [];
  #readOps = new Map<number, ReadOp>();
  #writeOps = new Map<number, WriteOp>();
  #isTakingSnapshot = false;

  constructor(options: { id: MemberId; disk: RaftDisk; random: Prng; around: Surroundings }) {
    this.id = options.id;
    this.disk = options.disk;
    this.#random = options.random;
    this.#around = options.around;
  }

  /** Of clients who wait for an answer. */
  get openCount(): number {
    return this.#readOps.size + this.#writeOps.size;
  }

  get isUp(): boolean {
    return this.raft !== undefined;
  }

  get localMs(): number {
    const { rate, sinceMs, localMs } = this.#clock;
    return localMs + (this.#around.queue.nowMs - sinceMs) * rate;
  }

  setClockRate(rate: number): void {
    this.#clock = { rate, sinceMs: this.#around.queue.nowMs, localMs: this.localMs };
  }

  /** Throws what recovery throws: the log is damaged. */
  start(): void {
    if (this.isUp || this.isDead) return;
    const { settings, invariants } = this.#around;
    const persisted = this.#recover();
    if (persisted === undefined) return;
    this.state = this.#recoveredState(persisted);
    invariants.showed(this.id, this.state);
    this.raft = new Raft({
      id: this.id,
      persisted,
      applied: logIndex(this.state.index),
      random: () => this.#random.unit(),
      nowMs: this.localMs,
      options: optionsOf(settings),
    });
    this.#life += 1;
    invariants.restarted(this.#observed(this.raft));
    this.#tickLater();
  }

  /** The process ends. Says whether there was one. */
  crash(): boolean {
    if (!this.isUp) return false;
    this.raft = undefined;
    this.disk.crash(
      [...this.#inFlight, ...this.#writes].map(({ write }) => write),
      this.#random,
    );
    this.#writes = [];
    this.#inFlight = [];
    this.#waiting = [];
    this.#held = [];
    this.#isPaused = false;
    this.#isTakingSnapshot = false;
    for (const { op } of this.#readOps.values()) this.#around.clients.giveUp(op);
    for (const { op } of this.#writeOps.values()) this.#around.clients.giveUp(op);
    this.#readOps.clear();
    this.#writeOps.clear();
    return true;
  }

  /** Nothing happens in it; what comes waits. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    const held = this.#held;
    this.#held = [];
    for (const input of held) this.input(input);
  }

  receive(message: Message): void {
    this.input((raft) => raft.step(message));
  }

  write(data: readonly Uint8Array[]): void {
    this.input((raft) => {
      const ops = data.map((each) => this.#around.clients.begin("write", valueOf(each)));
      const proposed = raft.propose(data);
      for (const [at, op] of ops.entries()) {
        if ("reason" in proposed) this.#around.clients.refuse();
        else this.#writeOps.set(proposed.index + at, { op, term: proposed.term });
      }
    });
  }

  read(): void {
    this.input((raft) => {
      const op = this.#around.clients.begin("read");
      this.#readOps.set(raft.readIndex().number, { op, index: undefined });
    });
  }

  /** Something happens in the process, and all that follows from it. */
  input(run: (raft: Raft) => void): void {
    const { raft } = this;
    if (raft === undefined) return;
    if (this.#isPaused) {
      this.#held.push(run);
      return;
    }
    raft.tick(this.localMs);
    run(raft);
    this.#handle(raft);
    if (this.raft !== raft) return;
    this.#around.onEvent(this);
  }

  takeSnapshot(): void {
    this.input((raft) => this.#snapshot(raft));
  }

  #tickLater(): void {
    const life = this.#life;
    this.#around.queue.after(this.#around.settings.tickMs, () => {
      if (life !== this.#life || !this.isUp) return;
      this.#tickLater();
      // Ticks that are missed are not made up for.
      if (!this.#isPaused) this.input(() => undefined);
    });
  }

  #handle(raft: Raft): void {
    for (;;) {
      const ready = raft.takeReady();
      // The leader's commit index is checked before anybody hears of it.
      this.#around.invariants.check(this.#observed(raft));
      for (const message of ready.messages) this.#send(raft, message);
      this.#forgetProposals(raft);
      this.#persist(raft, ready);
      if (this.raft !== raft) return;
      for (const result of ready.reads) this.#readIndexed(result);
      for (const entry of ready.committed) this.#apply(entry);
      if (ready.committed.length === 0) break;
      raft.applied(logIndex(this.state.index));
    }
    const { snapshotEvery } = this.#around.settings;
    if (this.state.index - (raft.snapshot?.index ?? 0) >= snapshotEvery) this.#snapshot(raft);
    this.#answerReads();
  }

  /** Who does not lead any more cannot tell what becomes of what it proposed. */
  #forgetProposals({ role, term }: Raft): void {
    if (this.#writeOps.size === 0) return;
    const [first] = this.#writeOps.values();
    if (role === "leader" && term === first!.term) return;
    for (const { op } of this.#writeOps.values()) this.#around.clients.giveUp(op);
    this.#writeOps.clear();
  }

  #persist(raft: Raft, { write, writeId, afterPersist }: Ready): void {
    if (afterPersist.length > 0) this.#waiting.push({ writeId, messages: afterPersist });
    if (write === undefined) return;
    this.#enqueue({ write, done: () => this.#persisted(raft, writeId) });
    if (write.install !== undefined) this.#installed(write.install);
  }

  #persisted(raft: Raft, writeId: number): void {
    raft.persisted(writeId);
    while (this.#waiting.length > 0 && this.#waiting[0]!.writeId <= writeId) {
      for (const message of this.#waiting.shift()!.messages) this.#send(raft, message);
    }
  }

  #enqueue(queued: QueuedWrite): void {
    this.#writes.push(queued);
    if (this.#inFlight.length === 0) this.#beginWrite();
  }

  /** All that waits shares one way to the disk. */
  #beginWrite(): void {
    const { queue, settings } = this.#around;
    this.#inFlight = this.#writes;
    this.#writes = [];
    this.disk.begin(this.#inFlight.map(({ write }) => write));
    const life = this.#life;
    const slowness = this.disk.fault === "slow" ? 20 : 1;
    queue.after(settings.diskMs * slowness * this.#random.unit() * 2, () => {
      if (life === this.#life && this.isUp) this.#endWrite();
    });
  }

  #endWrite(): void {
    if (this.#isPaused) {
      this.#held.push(() => this.#endWrite());
      return;
    }
    // Whether it took effect is unknown, so the process ends: only the disk can tell (storage.ts, rule 3).
    if (this.disk.fault === "full" || this.disk.fault === "failing") {
      this.crash();
      return;
    }
    const done = this.#inFlight;
    this.#inFlight = [];
    this.disk.complete(done.map(({ write }) => write));
    this.#keepState();
    if (this.#writes.length > 0) this.#beginWrite();
    for (const each of done) this.input(() => each.done());
  }

  /** The state machine's own transaction, never ahead of the log. */
  #keepState(): void {
    // What came with a snapshot that is still on its way is covered by nothing yet.
    const isCovered = this.state.index <= (this.raft?.log.stable ?? 0);
    if (this.#around.settings.isStateDurable && isCovered) this.disk.state = this.state;
  }

  #recover(): Persisted | undefined {
    try {
      return this.disk.recover();
    } catch (error) {
      if (!this.mayBeDamaged || !(error instanceof LatticeError) || error.code !== "corrupt") throw error;
      this.isDead = true;
      return undefined;
    }
  }

  #recoveredState({ snapshot, base, entries }: Persisted): MachineState {
    const ofSnapshot = snapshot === undefined ? INITIAL_STATE : decodeState(this.disk.bytesOf(snapshot)!);
    const isCovered = this.disk.state.index <= base.index + entries.length;
    return isCovered && this.disk.state.index > ofSnapshot.index ? this.disk.state : ofSnapshot;
  }

  #send(raft: Raft, message: Message): void {
    const { invariants, network, settings } = this.#around;
    invariants.sent(this, message);
    if (message.type !== "snapshot") {
      network.send(message);
      return;
    }
    const bytes = this.disk.bytesOf(message.snapshot);
    if (bytes === undefined) raft.snapshotFailed(message.to);
    else
      network.send({
        ...message,
        data: bytes.subarray(message.offset, message.offset + settings.chunkBytes),
      });
  }

  #apply(entry: Entry): void {
    this.state = applyEntry(this.state, entry);
    this.#around.invariants.applied(this.id, entry, this.state);
    const pending = this.#writeOps.get(entry.index);
    if (pending === undefined) return;
    this.#writeOps.delete(entry.index);
    if (pending.term === entry.term) this.#around.clients.answer(pending.op, entry.index);
    else this.#around.clients.giveUp(pending.op);
  }

  /** All pieces of it are there by now, or on their way to the disk in front of it. */
  #installed(snapshot: SnapshotMeta): void {
    this.state = this.#stateIn(snapshot);
    this.#around.invariants.showed(this.id, this.state);
    for (const [index, { op }] of this.#writeOps) {
      if (index > snapshot.index) continue;
      this.#writeOps.delete(index);
      this.#around.clients.giveUp(op);
    }
  }

  #stateIn(snapshot: SnapshotMeta): MachineState {
    const bytes = new Uint8Array(snapshot.sizeBytes);
    const pieces = [...this.#inFlight, ...this.#writes].flatMap(({ write }) => write.chunks ?? []);
    bytes.set(this.disk.received(snapshot) ?? bytes);
    for (const { snapshot: of, offset, data } of pieces)
      if (of.index === snapshot.index) bytes.set(data, offset);
    return decodeState(bytes);
  }

  #snapshot(raft: Raft): void {
    const { settings } = this.#around;
    const index = logIndex(this.state.index);
    const term = raft.termAt(index);
    if (this.#isTakingSnapshot || term === undefined || index <= (raft.snapshot?.index ?? 0)) return;
    this.#isTakingSnapshot = true;
    const base = baseOf(raft, index - settings.tailCount);
    const bytes = encodeState(this.state, settings.snapshotBytes);
    const membership = raft.membershipAt(index);
    const snapshot = { index, term, membership, sizeBytes: bytes.length, checksum: checksum(bytes) };
    this.#enqueue({
      write: { taken: { snapshot, base, bytes } },
      done: () => {
        this.#isTakingSnapshot = false;
        // What came from the leader meanwhile may be further on.
        if (snapshot.index <= (raft.snapshot?.index ?? NO_INDEX)) return;
        raft.snapshotTaken(snapshot, base);
      },
    });
  }

  #readIndexed({ read, index }: ReadResult): void {
    const known = this.#readOps.get(read.number);
    if (known === undefined) return;
    if (index === undefined) {
      this.#readOps.delete(read.number);
      this.#around.clients.giveUp(known.op);
    } else known.index = index;
  }

  #answerReads(): void {
    for (const [number, { op, index }] of this.#readOps) {
      if (index === undefined || index > this.state.index) continue;
      this.#readOps.delete(number);
      this.#around.clients.answer(op, this.state.index, this.state.value);
    }
  }

  #observed(raft: Raft): Observed {
    return { id: this.id, raft, disk: this.disk, seen: this.seen, localMs: this.localMs };
  }
}

function baseOf(
  raft: Raft,
  index: number,
): { index: LogIndex; term: NonNullable<ReturnType<Raft["termAt"]>> } {
  const { base } = raft.log;
  const at = logIndex(Math.max(index, base.index));
  return { index: at, term: raft.termAt(at)! };
}

function optionsOf(settings: RaftSettings): ConstructorParameters<typeof Raft>[0]["options"] {
  const { electionTimeoutMs, heartbeatMs, leaseDrift, chunkBytes, messageBytesMax, messageEntriesMax } =
    settings;
  return {
    electionTimeoutMs,
    heartbeatMs,
    suspicionMs: [electionTimeoutMs / 50, electionTimeoutMs / 8],
    lease: leaseDrift > 0 ? { driftMax: leaseDrift } : undefined,
    chunkBytesMax: chunkBytes,
    messageBytesMax,
    messageEntriesMax,
    inflightMessagesMax: settings.inflightMessagesMax,
    uncommittedBytesMax: settings.uncommittedBytesMax,
    applyBytesMax: 2000,
    readsMax: 50,
  };
}

/**
 * A member as a process on a disk: it does what `ready.ts` says that a driver does. Its disk can be held, so that what was
 * asked for is not durable until somebody says so; a crash loses it then. Its state machine is a list of words.
 */
import { crc32 } from "node:zlib";
import {
  afterWrite,
  logIndex,
  memberId,
  Raft,
  type Entry,
  type LogIndex,
  type Message,
  type PersistentChange,
  type Persisted,
  type RaftOptions,
  type RaftStart,
  type ReadResult,
  type Ready,
  type SnapshotChunk,
  type SnapshotMeta,
} from "@lattice/raft";
import { describeEntry, describeMembership, describeMessage, formatEntries } from "./format.ts";

/** Whom a member speaks to. */
export interface Surroundings {
  readonly options: Partial<RaftOptions>;
  readonly nowMs: number;
  /** Another one at every start. */
  chanceOf(id: number, starts: number): () => number;
  send(message: Message): void;
  /** Something happened that a reader wants to know of. */
  note(line: string): void;
}

/** One call of a member, and what it answered. */
export interface Call {
  readonly run: (raft: Raft) => unknown;
  readonly answer: unknown;
}

interface PendingWrite {
  readonly id: number;
  readonly change: PersistentChange;
}

interface Waiting {
  readonly writeId: number;
  readonly messages: readonly Message[];
}

const text = new TextEncoder();

export class Member {
  readonly id: number;
  readonly #around: Surroundings;
  #raft: Raft | undefined;
  #starts = 0;
  #start: RaftStart | undefined;

  // The disk, and the state machine, which is durable whenever it has changed.
  #persisted: Persisted;
  #isHeld = false;
  #pending: PendingWrite[] = [];
  #waiting: Waiting[] = [];
  #receiving: Uint8Array[] = [];
  readonly #snapshots = new Map<number, Uint8Array>();
  #words: { readonly index: number; readonly word: string }[] = [];
  #applied: LogIndex;

  #reads: ReadResult[] = [];
  readonly #floors = new Map<number, LogIndex>();
  #calls: Call[] = [];
  /** Everything that it has ever applied, in order. */
  readonly history = new Map<number, string>();

  constructor(id: number, persisted: Persisted, around: Surroundings) {
    this.id = id;
    this.#persisted = persisted;
    this.#around = around;
    this.#applied = logIndex(persisted.entries.length);
    this.start();
  }

  get raft(): Raft {
    if (this.#raft === undefined) throw new Error(`member ${this.id} is not running`);
    return this.#raft;
  }

  get isRunning(): boolean {
    return this.#raft !== undefined;
  }

  get words(): readonly string[] {
    return this.#words.map(({ word }) => word);
  }

  get persisted(): Persisted {
    return this.#persisted;
  }

  get pendingCount(): number {
    return this.#pending.length;
  }

  /** What was asked of it since it started, in order. */
  get calls(): readonly Call[] {
    return this.#calls;
  }

  /** Another member in the state in which this one started. */
  twin(): Raft {
    return new Raft({ ...this.#start!, random: this.#around.chanceOf(this.id, this.#starts) });
  }

  start(): void {
    this.#starts += 1;
    this.#start = {
      id: memberId(this.id),
      persisted: this.#persisted,
      applied: this.#applied,
      random: this.#around.chanceOf(this.id, this.#starts),
      nowMs: this.#around.nowMs,
      options: this.#around.options,
    };
    this.#raft = new Raft(this.#start);
    this.#calls = [];
  }

  /** What was not durable is gone. */
  crash(): void {
    this.#raft = undefined;
    this.#pending = [];
    this.#waiting = [];
    this.#reads = [];
    this.#receiving = [];
    this.#isHeld = false;
  }

  /** Every call goes through here; whatever follows from it is done. */
  call<T>(run: (raft: Raft) => T): T {
    const before = this.raft.status();
    const answer = this.#run(run);
    this.#noteRole(before);
    this.#work();
    return answer;
  }

  /** Reads that begin at once. `floor` is what they have to show at least. */
  read(count: number, floor: LogIndex): void {
    const reads = this.#run((raft) => Array.from({ length: count }, () => raft.readIndex()));
    for (const { number } of reads) this.#floors.set(number, floor);
    this.#work();
  }

  holdDisk(): void {
    this.#isHeld = true;
  }

  releaseDisk(): void {
    this.#isHeld = false;
    while (this.#pending.length > 0) this.finishWrite();
  }

  /** The oldest write is durable. */
  finishWrite(): void {
    const write = this.#pending.shift();
    if (write === undefined) throw new Error(`member ${this.id} has nothing to write`);
    this.#keep(write.change);
    if (this.#isHeld) this.#around.note(`${this.id} has written #${write.id}`);
    this.call((raft) => raft.persisted(write.id));
    // What waited for this write was said before whatever follows from it; a network may well change the order.
    this.#sendWaiting(write.id);
  }

  /** Keeps `tail` entries in front of the snapshot. */
  takeSnapshot(index: number, tail: number): void {
    const words = this.#words.filter((each) => each.index <= index).map(({ word }) => word);
    const bytes = text.encode(words.join(" "));
    const at = logIndex(index);
    const snapshot: SnapshotMeta = {
      index: at,
      term: this.raft.termAt(at)!,
      membership: this.raft.membershipAt(at),
      sizeBytes: bytes.length,
      checksum: crc32(bytes),
    };
    const baseIndex = logIndex(Math.max(index - tail, this.raft.log.base.index));
    const base = { index: baseIndex, term: this.raft.termAt(baseIndex)! };
    this.#snapshots.set(index, bytes);
    this.#persisted = afterWrite(this.#persisted, { snapshot, compactTo: base });
    this.call((raft) => raft.snapshotTaken(snapshot, base));
  }

  dropSnapshot(index: number): void {
    this.#snapshots.delete(index);
  }

  #run<T>(run: (raft: Raft) => T): T {
    const answer = run(this.raft);
    this.#calls.push({ run, answer });
    return answer;
  }

  #work(): void {
    while (this.#raft !== undefined) {
      const before = this.raft.status();
      const ready = this.#run((raft) => raft.takeReady());
      this.#noteRole(before);
      if (!this.#handle(ready)) return;
    }
  }

  /** Says whether there was anything. */
  #handle({ messages, writeId, write, afterPersist, committed, reads }: Ready): boolean {
    for (const message of messages) this.#send(message);
    if (write !== undefined) {
      this.#pending.push({ id: writeId, change: write });
      if (this.#isHeld) this.#around.note(`${this.id} writes #${writeId}: ${describeWrite(write)}`);
    }
    if (afterPersist.length > 0) {
      this.#waiting.push({ writeId, messages: afterPersist });
      if (this.#isHeld) {
        for (const each of afterPersist) {
          this.#around.note(`  and then says ${describeMessage(each)}`);
        }
      }
    }
    for (const entry of committed) this.#apply(entry);
    if (committed.length > 0) {
      const { applied } = this;
      this.#run((raft) => raft.applied(applied));
    }
    this.#reads.push(...reads);
    this.#answerReads();
    if (!this.#isHeld && write !== undefined) this.finishWrite();
    return messages.length + afterPersist.length + committed.length + reads.length > 0 || write !== undefined;
  }

  get applied(): LogIndex {
    return this.#applied;
  }

  #send(message: Message): void {
    this.#around.send(message.type === "snapshot" ? this.#filled(message) : message);
  }

  #filled(message: SnapshotChunk): Message {
    const bytes = this.#snapshots.get(message.snapshot.index);
    const bytesMax = this.#around.options.chunkBytesMax ?? Infinity;
    return {
      ...message,
      data: bytes?.subarray(message.offset, message.offset + bytesMax) ?? new Uint8Array(),
    };
  }

  #sendWaiting(writeId: number): void {
    while (this.#waiting.length > 0 && this.#waiting[0]!.writeId <= writeId) {
      for (const message of this.#waiting.shift()!.messages) this.#send(message);
    }
  }

  #keep({ hardState, entries, chunks, install }: PersistentChange): void {
    for (const { offset, data } of chunks) {
      if (offset === 0) this.#receiving = [];
      this.#receiving.push(data);
    }
    const written = hardState === undefined ? {} : { hardState };
    const snapshot = install === undefined ? {} : { snapshot: install };
    this.#persisted = afterWrite(this.#persisted, { ...written, ...snapshot, entries });
    if (install !== undefined) this.#restore(install);
  }

  #restore(snapshot: SnapshotMeta): void {
    const bytes = Buffer.concat(this.#receiving);
    if (crc32(bytes) !== snapshot.checksum) throw new Error(`snapshot ${snapshot.index} came damaged`);
    this.#snapshots.set(snapshot.index, bytes);
    const { index } = snapshot;
    this.#words =
      bytes.length === 0
        ? []
        : bytes
            .toString()
            .split(" ")
            .map((word) => ({ index, word }));
    this.#applied = snapshot.index;
    this.#around.note(`${this.id} installs snapshot ${index}:${snapshot.term} '${bytes.toString()}'`);
  }

  #apply(entry: Entry): void {
    if (entry.index !== this.#applied + 1) throw new Error(`member ${this.id} leaves out an entry`);
    this.#applied = entry.index;
    this.history.set(entry.index, describeEntry(entry));
    if (entry.data.length === 0) return;
    this.#words.push({ index: entry.index, word: Buffer.from(entry.data).toString() });
    this.#around.note(`${this.id} applies ${describeEntry(entry)}`);
  }

  #answerReads(): void {
    this.#reads = this.#reads.filter(({ read, index }) => {
      if (index !== undefined && index > this.#applied) return true;
      if (index !== undefined && index < this.#floors.get(read.number)!) {
        throw new Error(`member ${this.id} answers a read at ${index}, which is old`);
      }
      const answer = index === undefined ? "is not answered" : `is answered at ${index}`;
      this.#around.note(`${this.id}'s read ${read.number} ${answer}`);
      return false;
    });
  }

  #noteRole(before: ReturnType<Raft["status"]>): void {
    const { role, term, leader, commit, membership } = this.raft.status();
    if (role !== before.role || term !== before.term || leader !== before.leader) {
      const whom = role === "follower" && leader !== 0 ? ` of ${leader}` : "";
      this.#around.note(`${this.id} is ${role}${whom} in term ${term}`);
    }
    if (commit !== before.commit) this.#around.note(`${this.id} commits up to ${commit}`);
    const members = describeMembership(membership);
    if (members !== describeMembership(before.membership)) this.#around.note(`${this.id} goes by ${members}`);
  }
}

function describeWrite({ hardState, entries, chunks, install }: PersistentChange): string {
  const parts = [
    hardState && `term ${hardState.term} vote ${hardState.vote}`,
    chunks.length > 0 && `${chunks.length} chunk${chunks.length > 1 ? "s" : ""}`,
    install && `snapshot ${install.index}:${install.term}`,
    entries.length > 0 && formatEntries(entries),
  ];
  return parts.filter((part) => typeof part === "string").join(", ");
}

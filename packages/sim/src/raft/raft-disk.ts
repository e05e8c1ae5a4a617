/**
 * The disk of a simulated member: what is durable, and writes that are on their way there. Those take effect in order; a
 * crash keeps some beginning of them (packages/raft, storage.ts).
 */
import {
  EntryKind,
  logIndex,
  NOBODY,
  NO_INDEX,
  NO_TERM,
  type Entry,
  type EntryId,
  type HardState,
  type Membership,
  type Persisted,
  type ReceivedChunk,
  type SnapshotMeta,
  type Term,
} from "@lattice/raft";
import type { Prng } from "../prng.ts";
import { INITIAL_STATE, type MachineState } from "./machine-state.ts";
import type { DiskLog } from "./disk-log.ts";

/** One thing to write. Of a snapshot that was received, the pieces come first, in this write and in earlier ones. */
export interface DiskWrite {
  readonly hardState?: HardState | undefined;
  readonly entries?: readonly Entry[];
  readonly chunks?: readonly ReceivedChunk[];
  readonly install?: SnapshotMeta | undefined;
  readonly taken?: { readonly snapshot: SnapshotMeta; readonly base: EntryId; readonly bytes: Uint8Array };
}

interface Incoming {
  readonly snapshot: SnapshotMeta;
  readonly bytes: Uint8Array;
}

/** How many snapshots are kept beside the last one, for those who are being sent them. */
const SNAPSHOTS_KEPT = 2;

export class RaftDisk {
  hardState: HardState = { term: NO_TERM, vote: NOBODY, commit: NO_INDEX };
  snapshot: SnapshotMeta | undefined;
  base: EntryId = { index: NO_INDEX, term: NO_TERM };
  readonly entries: Entry[] = [];
  /** What the state machine keeps by itself. */
  state: MachineState = INITIAL_STATE;
  fault: "none" | "slow" | "full" | "failing" = "none";
  /** The same as bytes, where the simulation goes that far. */
  readonly #log: DiskLog | undefined;
  readonly #snapshots = new Map<number, Uint8Array>();
  #incoming: Incoming | undefined;

  constructor(log: DiskLog | undefined) {
    this.#log = log;
  }

  /** What a member of the first membership starts with; entry 1 says who they are. */
  bootstrap(membership: Membership): void {
    const term = 1 as Term;
    const first: Entry = {
      index: logIndex(1),
      term,
      kind: EntryKind.MEMBERSHIP,
      data: new Uint8Array(),
      membership,
    };
    const write = { hardState: { term, vote: NOBODY, commit: logIndex(1) }, entries: [first] };
    this.#log?.write([write]);
    this.complete([write]);
  }

  get lastIndex(): number {
    return this.base.index + this.entries.length;
  }

  termAt(index: number): Term | undefined {
    return index === this.base.index ? this.base.term : this.entries[index - this.base.index - 1]?.term;
  }

  /** Whether it has everything up to there, for good. */
  holds(index: number, term: Term): boolean {
    return index <= (this.snapshot?.index ?? 0) || this.termAt(index) === term;
  }

  bytesOf({ index }: SnapshotMeta): Uint8Array | undefined {
    return this.#snapshots.get(index);
  }

  /** What has come of a snapshot so far. */
  received({ index }: SnapshotMeta): Uint8Array | undefined {
    return this.#incoming?.snapshot.index === index ? this.#incoming.bytes : undefined;
  }

  /** These are on their way from now on. */
  begin(writes: readonly DiskWrite[]): void {
    this.#log?.write(writes);
  }

  /** They are durable. */
  complete(writes: readonly DiskWrite[]): void {
    this.#log?.synced();
    for (const write of writes) this.#keep(write);
  }

  /** Everything stops; of what was on its way, some beginning is there. Throws where the log that is read then is not one of those. */
  crash(pending: readonly DiskWrite[], random: Prng): void {
    const keptByLog = this.#log?.crash(random);
    if (keptByLog === undefined) {
      this.complete(pending.slice(0, random.below(pending.length + 1)));
      return;
    }
    // Which beginning it was, the log itself says; the model follows.
    for (const write of pending.slice(0, keptByLog)) this.#keep(write);
  }

  recover(): Persisted {
    const { hardState, snapshot, base, entries } = this;
    const persisted = { hardState, snapshot, base, entries: [...entries] };
    return this.#log?.recover(persisted) ?? persisted;
  }

  /** Changes one bit of the log, of a member that is down. What was there is the log's only evidence. */
  rot(random: Prng): boolean {
    return this.#log?.rot(random) ?? false;
  }

  #keep({ hardState, entries = [], chunks = [], install, taken }: DiskWrite): void {
    if (hardState !== undefined) this.hardState = hardState;
    for (const chunk of chunks) this.#receive(chunk);
    if (install !== undefined) this.#install(install);
    if (entries.length > 0) {
      this.entries.length = entries[0]!.index - 1 - this.base.index;
      this.entries.push(...entries);
    }
    if (taken === undefined || taken.snapshot.index <= (this.snapshot?.index ?? 0)) return;
    this.#keepSnapshot(taken.snapshot, taken.bytes);
    if (taken.base.index <= this.base.index) return;
    this.entries.splice(0, taken.base.index - this.base.index);
    this.base = taken.base;
  }

  #receive({ snapshot, offset, data }: ReceivedChunk): void {
    if (offset === 0) this.#incoming = { snapshot, bytes: new Uint8Array(snapshot.sizeBytes) };
    this.#incoming?.bytes.set(data, offset);
  }

  #install(snapshot: SnapshotMeta): void {
    this.#keepSnapshot(snapshot, this.#incoming!.bytes);
    this.#incoming = undefined;
    this.entries.length = 0;
    this.base = { index: snapshot.index, term: snapshot.term };
  }

  #keepSnapshot(snapshot: SnapshotMeta, bytes: Uint8Array): void {
    this.snapshot = snapshot;
    this.#snapshots.delete(snapshot.index);
    this.#snapshots.set(snapshot.index, bytes);
    for (const index of this.#snapshots.keys()) {
      if (this.#snapshots.size <= SNAPSHOTS_KEPT) break;
      this.#snapshots.delete(index);
    }
  }
}

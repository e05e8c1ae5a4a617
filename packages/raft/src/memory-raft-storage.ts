/**
 * The storage port over memory: for tests, for the simulator, and as the plain statement of what a write does. It keeps what
 * a crash would leave, and can be made to crash.
 */
import { LatticeError } from "@lattice/model";
import type { Entry, EntryId } from "./entry.ts";
import { NO_INDEX, NO_TERM, NOBODY } from "./ids.ts";
import type { Persisted, RaftStorage, RaftWrite, SnapshotMeta } from "./storage.ts";

/** Of a member that was never there. */
export const NOTHING_PERSISTED: Persisted = {
  hardState: { term: NO_TERM, vote: NOBODY, commit: NO_INDEX },
  snapshot: undefined,
  base: { index: NO_INDEX, term: NO_TERM },
  entries: [],
};

export interface MemoryRaftStorageOptions {
  /** What is there when it is opened; nothing unless this says otherwise. */
  readonly persisted?: Persisted;
  /**
   * What writes wait for before they are durable, as many as were asked for when it is called: the disk of a simulation.
   * If it rejects, the storage has failed.
   */
  readonly disk?: () => Promise<void>;
}

interface Pending {
  /** What is there once it is durable. */
  readonly after: Persisted;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class MemoryRaftStorage implements RaftStorage {
  readonly persisted: Persisted;
  readonly #disk: () => Promise<void>;
  #durable: Persisted;
  #pending: Pending[] = [];
  #flushing: Promise<void> | undefined;
  /** Why nothing is written any more. */
  #ended: LatticeError | undefined;

  constructor({ persisted = NOTHING_PERSISTED, disk = async () => {} }: MemoryRaftStorageOptions = {}) {
    this.persisted = persisted;
    this.#durable = persisted;
    this.#disk = disk;
  }

  /** What the next one to open it would find if this one were closed now. */
  get latest(): Persisted {
    return this.#pending.at(-1)?.after ?? this.#durable;
  }

  /** Writes that a crash may take. */
  get pendingCount(): number {
    return this.#pending.length;
  }

  async write(write: RaftWrite): Promise<void> {
    if (this.#ended) throw this.#ended;
    const after = afterWrite(this.latest, write);
    const durable = new Promise<void>((resolve, reject) => this.#pending.push({ after, resolve, reject }));
    this.#flushing ??= this.#flushAll();
    await durable;
  }

  async close(): Promise<void> {
    this.#ended ??= new LatticeError("closed", "the storage is closed");
    await this.#flushing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Ends this storage as the death of its process would and gives the one that the next process opens: it has what was
   * durable and, of what was not, the oldest `keeps` writes (default: none). Those that were under way reject. Of a storage that
   * was closed, it gives what closing left.
   */
  crash({
    keeps = 0,
    disk = this.#disk,
  }: { keeps?: number; disk?: () => Promise<void> } = {}): MemoryRaftStorage {
    const persisted = this.#pending[Math.min(keeps, this.#pending.length) - 1]?.after ?? this.#durable;
    this.#fail(new LatticeError("closed", "the storage has crashed"));
    return new MemoryRaftStorage({ persisted, disk });
  }

  async #flushAll(): Promise<void> {
    // Whoever writes in the same turn shares the flush.
    await Promise.resolve();
    while (this.#pending.length > 0) {
      const count = this.#pending.length;
      try {
        await this.#disk();
      } catch (error) {
        this.#fail(LatticeError.from(error));
      }
      const flushed = this.#pending.splice(0, count);
      this.#durable = flushed.at(-1)?.after ?? this.#durable;
      for (const { resolve } of flushed) resolve();
    }
    this.#flushing = undefined;
  }

  #fail(error: LatticeError): void {
    this.#ended ??= error;
    for (const { reject } of this.#pending.splice(0)) reject(error);
  }
}

/** What is there after a write. Throws `invalid-argument` where the write does not go with what is there before. */
export function afterWrite(before: Persisted, write: RaftWrite): Persisted {
  const changed = { ...before, hardState: write.hardState ?? before.hardState };
  const restored = write.snapshot ? withSnapshot(changed, write.snapshot) : changed;
  const appended = withEntries(restored, write.entries ?? []);
  return write.compactTo ? compacted(appended, write.compactTo) : appended;
}

function withSnapshot(before: Persisted, snapshot: SnapshotMeta): Persisted {
  const { index, term } = snapshot;
  const had = before.snapshot?.index ?? NO_INDEX;
  if (index === NO_INDEX || index < had) throw unfit(`a snapshot at ${index} after one at ${had}`);
  if (termAt(before, snapshot) === term) return { ...before, snapshot };
  return { ...before, snapshot, base: { index, term }, entries: [] };
}

function withEntries(before: Persisted, entries: readonly Entry[]): Persisted {
  const { base, snapshot } = before;
  const added = entries.filter((entry) => entry.index > base.index);
  const [first] = added;
  if (!first) return before;
  if (first.index <= (snapshot?.index ?? NO_INDEX)) {
    throw unfit(`entry ${first.index} is in the snapshot, and not to be replaced`);
  }
  const kept = before.entries.slice(0, first.index - base.index - 1);
  const all = [...kept, ...added];
  const stray = all.find((entry, at) => entry.index !== base.index + 1 + at);
  if (stray) throw unfit(`entry ${stray.index} is out of its place`);
  return { ...before, entries: all };
}

function compacted(before: Persisted, to: EntryId): Persisted {
  const { base, snapshot, entries } = before;
  if (to.index > (snapshot?.index ?? NO_INDEX))
    throw unfit(`the log cannot begin behind its snapshot, at ${to.index}`);
  if (to.index <= base.index) return before;
  if (termAt(before, to) !== to.term)
    throw unfit(`the log has no entry ${to.index} of term ${to.term} to begin at`);
  const { index, term } = to;
  return { ...before, base: { index, term }, entries: entries.slice(index - base.index) };
}

function termAt({ base, entries }: Persisted, { index }: EntryId): number | undefined {
  return index === base.index ? base.term : entries[index - base.index - 1]?.term;
}

function unfit(what: string): LatticeError {
  return new LatticeError("invalid-argument", what);
}

/**
 * The storage port over an LMDB file.
 *
 * A transaction writes to memory: to an overlay over the rows in LMDB. A flush appends what was written to a
 * journal beside the file. When the overlay has grown enough, the next flush merges it into LMDB instead,
 * sorted and in one commit, and the journal begins anew. So a durable transaction costs one write and one
 * sync, and LMDB's copying of pages is shared by thousands of rows.
 *
 * Invariants:
 * 1. What LMDB and the journal hold together is what the last flush that resolved made durable, or more.
 * 2. Nothing is written to LMDB but by a merge, and a merge is one transaction of LMDB.
 * 3. No merge while a frame is being written.
 *
 * With `durability: "checkpoint"` there is no journal, and a flush does nothing: `checkpoint()` merges, in one
 * transaction of LMDB that is on disk before it counts, so that a crash of the process or of the machine leaves
 * exactly some checkpoint. Another thread does it, from a copy, since it takes as long as the disk takes.
 *
 * With `durability: "lazy"` there is no journal: a flush makes nothing durable, merges now and then, and
 * whatever was not merged is lost in a crash; after a crash of the machine the file may be damaged. For
 * state that can be rebuilt. It merges in `flush()` and `close()` only, so that the caller decides that
 * what the state derives from is durable before it.
 */
import { existsSync, rmSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { assert, LatticeError } from "@lattice/model";
import {
  FRAME_BYTES_MAX,
  JOURNAL_BYTES_MAX,
  JOURNAL_GROWTH_MAX,
  MAP_RENEWAL_BYTES,
  OVERLAY_BYTES_MAX,
  VIEW_COUNT_MAX,
} from "../limits.ts";
import type {
  CheckpointedStorage,
  Storage,
  StorageSize,
  StorageView,
  Table,
  TableReader,
} from "../storage.ts";
import { Transactor } from "../transactor.ts";
import type { Change } from "../undo-log.ts";
import { copyInBackground, mergeInBackground } from "./background-merge.ts";
import { ByteSlabs } from "./byte-slabs.ts";
import { Journal, removeJournal } from "./journal.ts";
import { PAGE_BYTES, payloadBytes, type JournalRow, type JournalSection } from "./journal-frame.ts";
import { LmdbFile } from "./lmdb-file.ts";
import { LmdbView } from "./lmdb-view.ts";
import type { RowBatch } from "./row-batch.ts";
import { OverlayTable, type Written } from "./overlay-table.ts";

export interface LmdbStorageOptions {
  /** Of the database file; its directory is made if need be. Lock and journal lie beside it. */
  readonly path: string;
  /** All tables that will be asked for. Names that begin with "@" are taken. */
  readonly tables: readonly string[];
  readonly durability: "journal" | "lazy" | "checkpoint";
  /** The overlay is merged when it takes more memory than this, roughly. */
  readonly overlayBytesMax?: number;
  /** It is also merged when the journal is longer than this. */
  readonly journalBytesMax?: number;
  /** A flush of more than this is merged at once, since its bytes would be written twice otherwise. */
  readonly frameBytesMax?: number;
  /** Told how long each write to the disk took that a flush waited for, in milliseconds. */
  readonly onFlush?: (durationMs: number) => void;
}

export interface LmdbStorage extends Storage {
  /** Bytes that the next merge writes, roughly; what a lazy storage would lose in a crash. */
  bytesPending(): number;
}

/** For the guess of what a merge writes: a leaf and what is above it; and what LMDB writes of its own. */
const PAGES_PER_ROW = 2;
const MERGE_BYTES_MIN = 128 << 10;
/** It takes so much that is not in use for a file to be written anew. */
const DEFRAGMENTED_BYTES_MIN = 64 << 10;

/** Paths that this process has open; a second overlay over one file would not see the first. */
const openPaths = new Set<string>();

/**
 * Costs milliseconds at any size: it reads the journal and nothing else. Throws `in-use`, `corrupt`,
 * `permission-denied`, `disk-full`, `failed-precondition` for a path that is no file or a format that is
 * not ours, or `internal`.
 */
export function openLmdbStorage(
  options: LmdbStorageOptions & { durability: "checkpoint" },
): CheckpointedStorage;
export function openLmdbStorage(options: LmdbStorageOptions): LmdbStorage;
export function openLmdbStorage(options: LmdbStorageOptions): LmdbStorage & CheckpointedStorage {
  const path = resolve(options.path);
  if (openPaths.has(path))
    throw new LatticeError("in-use", `${path} is open already`, { details: { file: path } });
  openPaths.add(path);
  try {
    return new OverlaidLmdb({ ...options, path });
  } catch (error) {
    openPaths.delete(path);
    throw error;
  }
}

/** Deletes the database, its lock and its journal; none of them need exist. */
export function removeLmdbStorage(path: string): void {
  if (openPaths.has(resolve(path))) throw new LatticeError("in-use", `${path} is open`);
  // The journal last: without the database its rows would not come back.
  rmSync(path, { force: true });
  rmSync(`${path}-lock`, { force: true });
  removeJournal(journalPath(path));
}

function journalPath(path: string): string {
  return `${path.replace(/\.db$/, "")}.journal`;
}

class OverlaidLmdb implements LmdbStorage, CheckpointedStorage {
  readonly #options: Required<LmdbStorageOptions>;
  readonly #file: LmdbFile;
  readonly #tables = new Map<string, OverlayTable>();
  readonly #transactor: Transactor<OverlayTable, Written>;
  readonly #journal: Journal | undefined;
  /** Overlay size from which on a merge is tried; more than the option after one failed. */
  #mergeFrom: number;
  /** Why the last merge failed. */
  #mergeFault: LatticeError | undefined;
  readonly #views = new Set<LmdbView>();
  #defragments: PromiseWithResolvers<void>[] = [];
  #bytesSinceRenewal = 0;
  #closed: Promise<void> | undefined;

  constructor(options: LmdbStorageOptions) {
    this.#options = {
      overlayBytesMax: OVERLAY_BYTES_MAX,
      journalBytesMax: JOURNAL_BYTES_MAX,
      frameBytesMax: FRAME_BYTES_MAX,
      onFlush: () => undefined,
      ...options,
    };
    this.#mergeFrom = this.#options.overlayBytesMax;
    this.#transactor = new Transactor({
      makeDurable: (changes) => this.#timed(() => this.#makeDurable(changes)),
      // After all that is ready to run now, so that all who were waiting for one flush share the next.
      schedule: (begin) => process.nextTick(begin),
      keepsRefused: this.#isCheckpointed,
    });
    this.#file = LmdbFile.open({ ...options, sync: options.durability !== "lazy" });
    try {
      this.#openTables();
      this.#journal = this.#openJournal();
    } catch (error) {
      void this.#file.close();
      throw error;
    }
  }

  table(name: string): TableReader {
    return this.#table(name);
  }

  transaction<T>(body: (table: (name: string) => Table) => T): T {
    const result = this.#transactor.transaction(() => body((name) => this.#table(name)));
    // What is lost in a crash is all that was not merged: the overlay, which can be dropped as a whole.
    if (!this.#hasJournal) this.#transactor.forgetChanges();
    return result;
  }

  async #timed(write: () => Promise<void>): Promise<void> {
    const sinceMs = performance.now();
    await write();
    this.#options.onFlush(performance.now() - sinceMs);
  }

  async flush(): Promise<void> {
    if (this.#isCheckpointed) this.#transactor.assertOpen();
    else await this.#transactor.flush();
  }

  get rollbackCount(): number {
    return this.#transactor.rollbackCount;
  }

  rollback(): void {
    this.#transactor.rollback();
    if (!this.#hasJournal) for (const table of this.#tables.values()) table.drop();
  }

  checkpoint(): Promise<void> {
    assert(this.#isCheckpointed, "a storage that flushes makes no checkpoints");
    return this.#transactor.flush();
  }

  async defragment(): Promise<void> {
    assert(this.#isCheckpointed, "a storage that flushes is not defragmented");
    const done = Promise.withResolvers<void>();
    done.promise.catch(() => {});
    this.#defragments.push(done);
    await this.#transactor.flush();
    await done.promise;
  }

  size(): StorageSize {
    this.#transactor.assertReadable();
    return { file: this.#file.bytes, used: this.#file.bytesUsed };
  }

  view(): StorageView {
    this.#transactor.assertReadable();
    if (this.#views.size >= VIEW_COUNT_MAX) {
      throw new LatticeError("resource-exhausted", `${this.#options.path} has ${VIEW_COUNT_MAX} views open`);
    }
    const view = new LmdbView({ file: this.#file, onClose: () => this.#views.delete(view) });
    this.#views.add(view);
    return view;
  }

  bytesPending(): number {
    let bytes = 0;
    for (const table of this.#tables.values()) bytes += table.overlayBytes;
    return bytes;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #hasJournal(): boolean {
    return this.#options.durability === "journal";
  }

  get #isCheckpointed(): boolean {
    return this.#options.durability === "checkpoint";
  }

  #table(name: string): OverlayTable {
    const table = this.#tables.get(name);
    if (!table)
      throw new LatticeError("internal", `${this.#options.path} was opened without a table ${name}`);
    return table;
  }

  #openTables(): void {
    const transactor = this.#transactor;
    const slabs = this.#isCheckpointed ? new ByteSlabs() : undefined;
    for (const [name, base] of this.#file.tables) {
      this.#tables.set(name, new OverlayTable({ name, file: this.#options.path, base, transactor, slabs }));
    }
  }

  #openJournal(): Journal | undefined {
    const path = journalPath(this.#options.path);
    if (!this.#hasJournal && !existsSync(path)) return undefined;
    const journal = Journal.open({
      path,
      salt: this.#file.salt,
      mergedGeneration: this.#file.generation,
      replay: ({ table, rows }) => this.#table(table).replay(rows),
    });
    if (this.#hasJournal) return journal;
    // Left by an opening that had one.
    journal.close();
    this.#merge(journal.generation);
    this.#file.sync();
    removeJournal(path);
    return undefined;
  }

  async #makeDurable(changes: readonly Change<OverlayTable, Written>[]): Promise<void> {
    if (this.#isCheckpointed) await this.#checkpointAndDefragment();
    else if (!this.#journal) this.#mergeOrDrop();
    else await this.#writeJournal(this.#journal, changes);
  }

  async #writeJournal(journal: Journal, changes: readonly Change<OverlayTable, Written>[]): Promise<void> {
    if (changes.length === 0) return;
    const sections = sealChanges(changes);
    const mustMerge =
      payloadBytes(sections) > this.#options.frameBytesMax ||
      journal.bytes > this.#options.journalBytesMax * JOURNAL_GROWTH_MAX;
    if ((mustMerge || this.#isMergeDue(journal)) && this.#tryMerge()) return;
    if (mustMerge) throw this.#mergeFault!;
    await journal.append(sections);
  }

  async #checkpointAndDefragment(): Promise<void> {
    const asked = this.#defragments.splice(0);
    await this.#writeCheckpoint();
    if (asked.length === 0) return;
    try {
      await this.#rewrite();
      for (const { resolve } of asked) resolve();
    } catch (error) {
      // The checkpoint was made all the same.
      for (const { reject } of asked) reject(error);
    }
  }

  /** Nothing is merged meanwhile, so that a copy stays one. */
  async #rewrite(): Promise<void> {
    const { path, tables } = this.#options;
    const to = `${path}.copy`;
    rmSync(to, { force: true });
    const used = this.#file.bytesUsed;
    if (this.#file.bytes - used < DEFRAGMENTED_BYTES_MIN) return;
    if (this.#file.bytesFree < used + MERGE_BYTES_MIN) throw noRoom(path);
    try {
      await copyInBackground({ path, tables, to });
      // What the file has beside rows may be room that was reserved, or less than the copy took while it was made.
      if (statSync(to).size >= this.#file.bytes) return;
      while (this.#views.size === 0 && !this.#file.replaceBy(to)) await setImmediate();
      if (this.#views.size > 0) throw new LatticeError("in-use", `${path} is being read by a view`);
    } finally {
      rmSync(to, { force: true });
    }
  }

  async #writeCheckpoint(): Promise<void> {
    const bytes = this.bytesPending();
    if (bytes === 0) return;
    this.#prepareMerge();
    const tables = [...this.#tables.values()];
    for (const table of tables) table.freeze();
    try {
      await this.#mergeFrozen(tables);
    } catch (error) {
      this.#file.noteFault(LatticeError.from(error));
      this.#file.refresh();
      for (const table of tables) table.thaw();
      throw error;
    }
    this.#file.refresh();
    for (const table of tables) table.forgetFrozen();
    this.#renewMapAfter(bytes);
  }

  async #mergeFrozen(tables: readonly OverlayTable[]): Promise<void> {
    const batches: RowBatch[] = [];
    for (const table of tables) {
      for (const batch of table.batches()) {
        batches.push(batch);
        await setImmediate();
      }
    }
    await mergeInBackground({ path: this.#options.path, tables: [...this.#tables.keys()], batches });
  }

  #renewMapAfter(bytes: number): void {
    this.#bytesSinceRenewal += bytes;
    if (this.#bytesSinceRenewal < MAP_RENEWAL_BYTES || this.#views.size > 0) return;
    if (this.#file.renewMap()) this.#bytesSinceRenewal = 0;
  }

  #mergeOrDrop(): void {
    if (this.bytesPending() < this.#mergeFrom || this.#tryMerge()) return;
    for (const table of this.#tables.values()) table.drop();
    throw this.#mergeFault!;
  }

  #isMergeDue(journal: Journal): boolean {
    const pending = this.bytesPending();
    return pending >= this.#mergeFrom || (journal.bytes > this.#options.journalBytesMax && !this.#mergeFault);
  }

  /** Says whether it was done. If not, all is as it was, and is tried again when the overlay has grown some more. */
  #tryMerge(): boolean {
    try {
      this.#prepareMerge();
      this.#merge(this.#journal?.generation ?? this.#file.generation);
      return true;
    } catch (error) {
      this.#mergeFault = LatticeError.from(error);
      this.#mergeFrom = this.bytesPending() + this.#options.overlayBytesMax / 4;
      return false;
    }
  }

  #merge(generation: number): void {
    const tables = [...this.#tables.values()];
    this.#file.write(generation, () => {
      for (const table of tables) table.writeToBase();
    });
    for (const table of tables) table.mergeDone();
    this.#journal?.restart();
    this.#mergeFrom = this.#options.overlayBytesMax;
    this.#mergeFault = undefined;
  }

  #prepareMerge(): void {
    this.#file.reserve(this.#mergeBytesMax());
    this.#file.recover({ hasViews: this.#views.size > 0 });
  }

  /** LMDB writes each page that it touches anew: no more than all there are, and what is added. */
  #mergeBytesMax(): number {
    let rows = 0;
    for (const table of this.#tables.values()) rows += table.overlayCount;
    const touched = Math.min(this.#file.bytes, rows * PAGES_PER_ROW * PAGE_BYTES);
    return touched + 2 * this.bytesPending() + MERGE_BYTES_MIN;
  }

  async #close(): Promise<void> {
    try {
      await this.#transactor.close();
      this.#mergeLast();
    } finally {
      this.#transactor.release();
      for (const view of this.#views) view.close();
      await this.#file.close();
      this.#journal?.close();
      openPaths.delete(this.#options.path);
    }
  }

  #mergeLast(): void {
    if (this.#isCheckpointed) return;
    if (this.bytesPending() > 0 && !this.#tryMerge() && !this.#journal) throw this.#mergeFault!;
    if (!this.#journal) this.#file.sync();
  }
}

function noRoom(path: string): LatticeError {
  return new LatticeError("disk-full", `no room to write ${path}`, { details: { file: path } });
}

/** What the changed keys stand for now, each once, by table. */
function sealChanges(changes: readonly Change<OverlayTable, Written>[]): JournalSection[] {
  const rowsByTable = new Map<OverlayTable, JournalRow[]>();
  for (const { target, key } of changes) {
    const written = target.writtenAt(key);
    if (!written || written.isSealed) continue;
    written.isSealed = true;
    const rows = rowsByTable.get(target);
    if (rows) rows.push({ key, value: written.value });
    else rowsByTable.set(target, [{ key, value: written.value }]);
  }
  return [...rowsByTable].map(([table, rows]) => ({ table: table.name, rows }));
}

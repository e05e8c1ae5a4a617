/**
 * The storage port over memory: for tests, for the simulator and as the plain statement of what the port
 * means. It keeps what a crash would leave, and can be made to crash.
 */
import { LatticeError } from "@lattice/model";
import { VIEW_COUNT_MAX } from "./limits.ts";
import { MemoryTable, type MemoryRows } from "./memory-table.ts";
import { MemoryView } from "./memory-view.ts";
import { SortedMap } from "./sorted-map.ts";
import type { CheckpointedStorage, StorageSize, StorageView, Table, TableReader } from "./storage.ts";
import { Transactor } from "./transactor.ts";

export interface MemoryStorageOptions {
  readonly tables: readonly string[];
  /**
   * What a flush waits for before anything is durable: the disk of a simulation. If it rejects, so does the
   * flush, and everything that was not durable is rolled back.
   */
  readonly disk?: () => Promise<void>;
  /**
   * What makes transactions durable: `flush()`, unless this says otherwise, or `checkpoint()` alone. With the
   * latter, what the disk refused stays, and closing makes nothing durable.
   */
  readonly durability?: "flush" | "checkpoint";
}

export class MemoryStorage implements CheckpointedStorage {
  readonly #options: MemoryStorageOptions;
  readonly #rows: ReadonlyMap<string, MemoryRows>;
  readonly #tables: ReadonlyMap<string, MemoryTable>;
  readonly #transactor: Transactor<MemoryRows, Uint8Array>;
  /** Where each transaction ended, oldest first; some may be durable by now, or rolled back. */
  #ends: number[] = [];
  readonly #views = new Set<MemoryView>();
  #closed: Promise<void> | undefined;

  /** `rows` is for `crash` only. */
  constructor(options: MemoryStorageOptions, rows?: ReadonlyMap<string, MemoryRows>) {
    this.#options = options;
    this.#rows = rows ?? new Map(options.tables.map((name) => [name, new SortedMap<Uint8Array>()]));
    this.#transactor = new Transactor<MemoryRows, Uint8Array>({
      makeDurable: async () => await options.disk?.(),
      schedule: queueMicrotask,
      keepsRefused: this.#isCheckpointed,
    });
    this.#tables = new Map(
      [...this.#rows].map(([name, table]) => [name, new MemoryTable(table, this.#transactor)]),
    );
  }

  table(name: string): TableReader {
    return this.#table(name);
  }

  transaction<T>(body: (table: (name: string) => Table) => T): T {
    this.#forgetEnds();
    const result = this.#transactor.transaction(() => body((name) => this.#table(name)));
    this.#ends.push(this.#transactor.position);
    return result;
  }

  get isClosed(): boolean {
    return this.#transactor.hasEnded;
  }

  /** Transactions that a crash may take. */
  get pendingCount(): number {
    return this.#pendingEnds().length;
  }

  async flush(): Promise<void> {
    if (this.#isCheckpointed) this.#transactor.assertOpen();
    else await this.#transactor.flush();
  }

  checkpoint(): Promise<void> {
    return this.#transactor.flush();
  }

  defragment(): Promise<void> {
    return this.checkpoint();
  }

  size(): StorageSize {
    let bytes = 0;
    for (const rows of this.#rows.values()) {
      for (const [key, value] of rows.unordered()) bytes += key.length + value.length;
    }
    return { file: bytes, used: bytes };
  }

  bytesPending(): number {
    let bytes = 0;
    for (const { target, key } of this.#transactor.changes())
      bytes += key.length + (target.get(key)?.length ?? 0);
    return bytes;
  }

  view(): StorageView {
    this.#transactor.assertReadable();
    if (this.#views.size >= VIEW_COUNT_MAX) {
      throw new LatticeError("resource-exhausted", `there are ${VIEW_COUNT_MAX} views open`);
    }
    const view = new MemoryView({ rows: this.#durableRows(), onClose: () => this.#views.delete(view) });
    this.#views.add(view);
    return view;
  }

  get rollbackCount(): number {
    return this.#transactor.rollbackCount;
  }

  rollback(): void {
    this.#transactor.rollback();
  }

  close(): Promise<void> {
    this.#closed ??= this.#transactor.close().finally(() => this.#end());
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Ends this storage as the death of its process would and gives the one that the next process opens: it
   * has what was durable and, of what was not, the oldest `keeps` transactions (default: none). A flush that was under way does not resolve any more; it rejects
   * when its disk answers. Of a storage that was closed, it gives what closing left.
   */
  crash({ keeps = 0 }: { keeps?: number } = {}): MemoryStorage {
    this.#transactor.crash(this.#pendingEnds()[keeps - 1]);
    this.#end();
    return new MemoryStorage(this.#options, this.#rows);
  }

  get #isCheckpointed(): boolean {
    return this.#options.durability === "checkpoint";
  }

  #end(): void {
    this.#transactor.release();
    for (const view of this.#views) view.close();
  }

  /** A copy of the rows without what is not durable. */
  #durableRows(): Map<string, MemoryRows> {
    const copies = new Map([...this.#rows.values()].map((rows) => [rows, copyOf(rows)]));
    for (const { target, key, before } of [...this.#transactor.changes()].reverse()) {
      copies.get(target)!.restore(key, before);
    }
    return new Map([...this.#rows].map(([name, rows]) => [name, copies.get(rows)!]));
  }

  /** Of what was rolled back, since they may lie within what is written from here on, where a crash must not cut; and of what is durable. */
  #forgetEnds(): void {
    const { durablePosition, position } = this.#transactor;
    while ((this.#ends.at(-1) ?? position) > position) this.#ends.pop();
    if ((this.#ends[0] ?? Infinity) <= durablePosition) this.#ends = this.#pendingEnds();
  }

  #pendingEnds(): number[] {
    const { durablePosition, position } = this.#transactor;
    return this.#ends.filter((end) => end > durablePosition && end <= position);
  }

  #table(name: string): MemoryTable {
    const table = this.#tables.get(name);
    if (!table) throw new LatticeError("internal", `there is no table ${name}`);
    return table;
  }
}

function copyOf(rows: MemoryRows): MemoryRows {
  const copy: MemoryRows = new SortedMap();
  for (const [key, value] of rows.entries()) copy.set(key, value);
  return copy;
}

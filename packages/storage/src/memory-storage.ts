/**
 * The storage port over memory: for tests, for the simulator and as the plain statement of what the port
 * means. It keeps what a crash would leave, and can be made to crash.
 */
import { bytesFromKey, bytesKey, LatticeError } from "@lattice/model";
import { keyBounds } from "./key-bounds.ts";
import { checkRow } from "./row-bounds.ts";
import { SortedMap } from "./sorted-map.ts";
import type { Range, Row, Storage, Table, TableReader } from "./storage.ts";
import { Transactor } from "./transactor.ts";

export interface MemoryStorageOptions {
  readonly tables: readonly string[];
  /**
   * What a flush waits for before anything is durable: the disk of a simulation. If it rejects, so does the
   * flush, and everything that was not durable is rolled back.
   */
  readonly disk?: () => Promise<void>;
}

type Rows = SortedMap<Uint8Array>;

export class MemoryStorage implements Storage {
  readonly #options: MemoryStorageOptions;
  readonly #rows: ReadonlyMap<string, Rows>;
  readonly #tables: ReadonlyMap<string, MemoryTable>;
  readonly #transactor: Transactor<Rows, Uint8Array>;
  /** Where each transaction ended, oldest first; some may be durable by now, or rolled back. */
  #ends: number[] = [];
  #closed: Promise<void> | undefined;

  /** `rows` is for `crash` only. */
  constructor(options: MemoryStorageOptions, rows?: ReadonlyMap<string, Rows>) {
    this.#options = options;
    this.#rows = rows ?? new Map(options.tables.map((name) => [name, new SortedMap<Uint8Array>()]));
    this.#transactor = new Transactor<Rows, Uint8Array>({
      makeDurable: async () => await options.disk?.(),
      schedule: queueMicrotask,
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

  flush(): Promise<void> {
    return this.#transactor.flush();
  }

  rollback(): void {
    this.#transactor.rollback();
  }

  close(): Promise<void> {
    this.#closed ??= this.#transactor.close().finally(() => this.#transactor.release());
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
    return new MemoryStorage(this.#options, this.#rows);
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

class MemoryTable implements Table {
  readonly #rows: Rows;
  readonly #transactor: Transactor<Rows, Uint8Array>;

  constructor(rows: Rows, transactor: Transactor<Rows, Uint8Array>) {
    this.#rows = rows;
    this.#transactor = transactor;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#transactor.assertReadable();
    return this.#rows.get(bytesKey(key));
  }

  has(key: Uint8Array): boolean {
    this.#transactor.assertReadable();
    return this.#rows.has(bytesKey(key));
  }

  *range(range: Range = {}): Generator<Row> {
    this.#transactor.assertReadable();
    let left = range.limit ?? Infinity;
    if (left <= 0) return;
    for (const [key, value] of this.#rows.range(keyBounds(range))) {
      yield [bytesFromKey(key), value];
      if (--left <= 0) return;
      this.#transactor.assertReadable();
    }
  }

  count(): number {
    this.#transactor.assertReadable();
    return this.#rows.size;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#transactor.assertWritable();
    checkRow(key, value);
    const at = bytesKey(key);
    this.#transactor.record(this.#rows, at, this.#rows.get(at));
    this.#rows.set(at, new Uint8Array(value));
  }

  delete(key: Uint8Array): boolean {
    this.#transactor.assertWritable();
    const at = bytesKey(key);
    const before = this.#rows.get(at);
    if (before === undefined) return false;
    this.#transactor.record(this.#rows, at, before);
    return this.#rows.delete(at);
  }
}

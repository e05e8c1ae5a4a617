/**
 * The storage port: named, ordered tables of byte strings, changed in transactions.
 *
 * Everything is synchronous but durability. A transaction is all or nothing and is visible to every read
 * that comes after it; it is *durable* once a `flush()` that was called after it has resolved. What was not
 * flushed may be lost in a crash, always from the end: if a transaction survives, so do all before it.
 */

export interface Range {
  /** Lower bound; at most one of the two. */
  readonly gte?: Uint8Array;
  readonly gt?: Uint8Array;
  /** Upper bound; at most one of the two. */
  readonly lt?: Uint8Array;
  readonly lte?: Uint8Array;
  readonly reverse?: boolean;
  readonly limit?: number;
}

export type Row = readonly [key: Uint8Array, value: Uint8Array];

export interface TableReader {
  /** The value is the caller's own, or must not be changed by it; it stays valid. */
  get(key: Uint8Array): Uint8Array | undefined;
  has(key: Uint8Array): boolean;
  /** Rows in the order of their keys. Read lazily: not to be continued after a write to the table. */
  range(range?: Range): Iterable<Row>;
  count(): number;
}

export interface Table extends TableReader {
  put(key: Uint8Array, value: Uint8Array): void;
  /** Says whether there was such a row. */
  delete(key: Uint8Array): boolean;
}

export interface Storage extends AsyncDisposable {
  /** Throws `internal` for a table that was not named at opening. */
  table(name: string): TableReader;
  /**
   * Runs `body` and keeps what it wrote, or, if it throws, nothing of it. No transaction in a transaction, and `body`
   * must not return a promise.
   */
  transaction<T>(body: (table: (name: string) => Table) => T): T;
  /**
   * Resolves when all transactions so far are on disk. Calls that overlap share one disk write. Rejects with
   * `disk-full` or `internal`; then everything that was not durable has been rolled back, as if a crash had taken it, and
   * the storage goes on from there.
   */
  flush(): Promise<void>;
  /** Flushes, then lets go of the files. Can be called twice. */
  close(): Promise<void>;
}

/**
 * The storage port: named, ordered tables of byte strings, changed in transactions.
 *
 * Everything is synchronous but durability. A transaction is all or nothing and is visible to every read
 * that comes after it; it is *durable* once a `flush()` that was called after it has resolved. What was not
 * flushed may be lost in a crash, always from the end: if a transaction survives, so do all before it.
 *
 * Keys are 1 to `KEY_BYTES_MAX` bytes, in the order of their unsigned bytes; values are 0 to
 * `VALUE_BYTES_MAX` bytes. One storage owns its files: no other may be open on them.
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
  /**
   * Rows in the order of their keys. Read lazily: not to be continued after a write to the table, which
   * throws. A bound may be any byte string.
   */
  range(range?: Range): Iterable<Row>;
  count(): number;
}

export interface Table extends TableReader {
  /** Copies both. Throws `invalid-argument` for an empty key and `too-large` for a key or value over its bound. */
  put(key: Uint8Array, value: Uint8Array): void;
  /** Says whether there was such a row. */
  delete(key: Uint8Array): boolean;
}

export interface Storage extends AsyncDisposable {
  /** Throws `internal` for a table that was not named at opening. */
  table(name: string): TableReader;
  /**
   * Runs `body` and keeps what it wrote, or, if it throws, nothing of it. No transaction in a transaction, and `body`
   * must not return a promise. The tables it is given are its own and refuse writes once it has ended.
   */
  transaction<T>(body: (table: (name: string) => Table) => T): T;
  /**
   * Resolves when all transactions so far are on disk. Calls that overlap share one disk write. Rejects with
   * `disk-full` or `internal`; then everything that was not durable has been rolled back, as if a crash had taken it, and
   * the storage goes on from there. Whoever had a transaction rolled back learns of it: if one was committed
   * after the last call to `flush()`, the next call rejects as well.
   */
  flush(): Promise<void>;
  /**
   * Takes back every transaction that is not on disk, as a crash would, and goes on from there. Throws while a
   * flush is under way.
   */
  rollback(): void;
  /**
   * How often transactions were taken back, by `rollback()` or because the disk refused them: at once, while whoever waits for
   * the flush learns of it some turns later. Whoever builds on what it remembers of the rows has to look.
   */
  readonly rollbackCount: number;
  /** Flushes, then lets go of the files. Can be called twice. */
  close(): Promise<void>;
}

/** What a storage held at one moment, whatever is written later. */
export interface StorageView extends Disposable {
  /** Throws `internal` for a table that was not named at opening. */
  table(name: string): TableReader;
  /** Lets go of what it holds; its readers throw `closed` from then on. Can be called twice. */
  close(): void;
}

/** In bytes. */
export interface StorageSize {
  readonly file: number;
  /** What of the file holds rows; the rest is used again before it grows. */
  readonly used: number;
}

/**
 * A storage that is written to disk when its owner says so, for state that follows from a log: transactions
 * stay in memory until a checkpoint, a `flush()` makes nothing durable, and a crash leaves what the last
 * checkpoint wrote, of all tables. `close()` writes nothing either.
 */
export interface CheckpointedStorage extends Storage {
  /**
   * Resolves when all transactions before the call are on disk, of those after it perhaps the first; a view
   * shows how far it came. What is written while it is under way waits for the next. Rejects with `disk-full` or `internal`; then nothing is lost, but the disk has the
   * checkpoint before, and it can be tried again.
   */
  checkpoint(): Promise<void>;
  /** Memory that is taken by what was written since the last checkpoint, roughly. When there is much of it, it is time for one. */
  bytesPending(): number;
  size(): StorageSize;
  /**
   * A checkpoint, after which the file is written anew, without what is not in use in it. Rejects as `checkpoint` does, and
   * with `in-use` while a view is open; nothing is lost then.
   */
  defragment(): Promise<void>;
  /**
   * What the last checkpoint that resolved wrote. Pages that a view can see are not used again, so the file
   * grows by what is written in its lifetime: it is for streaming a snapshot, not for keeping. At most
   * `VIEW_COUNT_MAX` at a time: another throws `resource-exhausted`. Ends with the storage.
   */
  view(): StorageView;
}

/**
 * What an LMDB file held at one moment: a read transaction, which sees no later write and costs nothing but
 * that the pages it sees are not used again.
 *
 * Invariant: nothing is read with the transaction once it is done, which the binding does not check.
 */
import { LatticeError, toHex } from "@lattice/model";
import type { Transaction } from "lmdb";
import { keyBounds } from "../key-bounds.ts";
import type { Range, Row, StorageView, TableReader } from "../storage.ts";
import { toLatticeError } from "./fault.ts";
import type { LmdbFile } from "./lmdb-file.ts";
import type { LmdbTable } from "./lmdb-table.ts";

export interface LmdbViewOptions {
  readonly file: LmdbFile;
  /** Is told once that this view is closed. */
  readonly onClose: (view: LmdbView) => void;
}

export class LmdbView implements StorageView {
  readonly #options: LmdbViewOptions;
  readonly #transaction: Transaction;
  readonly #tables = new Map<string, ViewTable>();
  #isClosed = false;

  constructor(options: LmdbViewOptions) {
    this.#options = options;
    const { file } = options;
    this.#transaction = file.read();
    for (const [name, table] of file.tables) {
      this.#tables.set(
        name,
        new ViewTable({ view: this, file: file.path, name, table, transaction: this.#transaction }),
      );
    }
  }

  table(name: string): TableReader {
    this.assertOpen();
    const table = this.#tables.get(name);
    if (!table)
      throw new LatticeError("internal", `${this.#options.file.path} was opened without a table ${name}`);
    return table;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const table of this.#tables.values()) table.endRanges();
    this.#transaction.done();
    this.#options.onClose(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  assertOpen(): void {
    if (this.#isClosed) throw new LatticeError("closed", "the view of the storage is closed");
  }
}

interface ViewTableOptions {
  readonly view: LmdbView;
  readonly file: string;
  readonly name: string;
  readonly table: LmdbTable;
  readonly transaction: Transaction;
}

class ViewTable implements TableReader {
  readonly #options: ViewTableOptions;
  readonly #rows: LmdbTable;
  readonly #count: number;

  constructor(options: ViewTableOptions) {
    this.#options = options;
    this.#rows = options.table.in(options.transaction);
    // LMDB's own count is of the newest there is, which is what the transaction sees only now.
    this.#count = options.table.count();
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#read(key, () => this.#rows.get(key));
  }

  has(key: Uint8Array): boolean {
    return this.#read(key, () => this.#rows.has(key));
  }

  *range(range: Range = {}): Generator<Row> {
    this.#options.view.assertOpen();
    keyBounds(range);
    let left = range.limit ?? Infinity;
    if (left <= 0) return;
    let last: Uint8Array | undefined;
    try {
      for (const { key, value } of this.#rows.range(range)) {
        last = key;
        yield [key, value];
        if (--left <= 0) return;
        this.#options.view.assertOpen();
      }
    } catch (error) {
      throw this.#fault(error, last);
    }
  }

  count(): number {
    this.#options.view.assertOpen();
    return this.#count;
  }

  endRanges(): void {
    this.#rows.endRanges();
  }

  #read<T>(key: Uint8Array, body: () => T): T {
    this.#options.view.assertOpen();
    try {
      return body();
    } catch (error) {
      throw this.#fault(error, key);
    }
  }

  #fault(error: unknown, key: Uint8Array | undefined): Error {
    const { file, name } = this.#options;
    const where = `table ${name}${key ? `, at key ${toHex(key.subarray(0, 64))}` : ""}`;
    return toLatticeError(error, { file, where });
  }
}

/** Rows in memory: read by whoever may, and changed in transactions. */
import { bytesFromKey, bytesKey } from "@lattice/model";
import { keyBounds } from "./key-bounds.ts";
import { checkRow } from "./row-bounds.ts";
import type { SortedMap } from "./sorted-map.ts";
import type { Range, Row, Table, TableReader } from "./storage.ts";
import type { Transactor } from "./transactor.ts";

export type MemoryRows = SortedMap<Uint8Array>;

export class MemoryReader implements TableReader {
  protected readonly rows: MemoryRows;
  readonly #assertReadable: () => void;

  constructor(rows: MemoryRows, assertReadable: () => void) {
    this.rows = rows;
    this.#assertReadable = assertReadable;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#assertReadable();
    return this.rows.get(bytesKey(key));
  }

  has(key: Uint8Array): boolean {
    this.#assertReadable();
    return this.rows.has(bytesKey(key));
  }

  *range(range: Range = {}): Generator<Row> {
    this.#assertReadable();
    let left = range.limit ?? Infinity;
    if (left <= 0) return;
    for (const [key, value] of this.rows.range(keyBounds(range))) {
      yield [bytesFromKey(key), value];
      if (--left <= 0) return;
      this.#assertReadable();
    }
  }

  count(): number {
    this.#assertReadable();
    return this.rows.size;
  }
}

export class MemoryTable extends MemoryReader implements Table {
  readonly #transactor: Transactor<MemoryRows, Uint8Array>;

  constructor(rows: MemoryRows, transactor: Transactor<MemoryRows, Uint8Array>) {
    super(rows, () => transactor.assertReadable());
    this.#transactor = transactor;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#transactor.assertWritable();
    checkRow(key, value);
    const at = bytesKey(key);
    this.#transactor.record(this.rows, at, this.rows.get(at));
    this.rows.set(at, new Uint8Array(value));
  }

  delete(key: Uint8Array): boolean {
    this.#transactor.assertWritable();
    const at = bytesKey(key);
    const before = this.rows.get(at);
    if (before === undefined) return false;
    this.#transactor.record(this.rows, at, before);
    return this.rows.delete(at);
  }
}

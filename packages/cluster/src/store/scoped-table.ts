/** A table of a store, within the one table that holds the rows of all. */
import { concatBytes, prefixEnd } from "@lattice/model";
import type { Range, Table, TableReader } from "@lattice/storage";
import type { StateRange, StateTable, StateTableReader } from "@lattice/store";
import { checkStateRow } from "./store-rows.ts";

export class ScopedReader implements StateTableReader {
  readonly #rows: () => TableReader;
  readonly #prefix: Uint8Array;

  /** `rows` may be another table each time: state is replaced as a whole at times. */
  constructor(rows: () => TableReader, prefix: Uint8Array) {
    this.#rows = rows;
    this.#prefix = prefix;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return key.length === 0 ? undefined : this.#rows().get(this.full(key));
  }

  has(key: Uint8Array): boolean {
    return key.length > 0 && this.#rows().has(this.full(key));
  }

  *range(range: StateRange = {}): Generator<readonly [key: Uint8Array, value: Uint8Array]> {
    const { length } = this.#prefix;
    for (const [key, value] of this.#rows().range(this.#scoped(range))) yield [key.subarray(length), value];
  }

  /** By a walk: rows of others stand beside these. */
  count(): number {
    let count = 0;
    for (const _ of this.range()) count += 1;
    return count;
  }

  protected full(key: Uint8Array): Uint8Array {
    return concatBytes(this.#prefix, key);
  }

  #scoped({ gte, gt, lt, lte, reverse, limit }: StateRange): Range {
    const lower = gt !== undefined ? { gt: this.full(gt) } : { gte: this.full(gte ?? NOTHING) };
    const upper =
      lte !== undefined
        ? { lte: this.full(lte) }
        : { lt: lt === undefined ? prefixEnd(this.#prefix)! : this.full(lt) };
    return {
      ...lower,
      ...upper,
      ...(reverse !== undefined && { reverse }),
      ...(limit !== undefined && { limit }),
    };
  }
}

const NOTHING = new Uint8Array(0);

/** Remembers what it replaced, so that what one op wrote can be taken back. */
export class ScopedTable extends ScopedReader implements StateTable {
  readonly #table: Table;
  readonly #undo: (() => void)[];

  constructor(table: Table, prefix: Uint8Array, undo: (() => void)[]) {
    super(() => table, prefix);
    this.#table = table;
    this.#undo = undo;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    checkStateRow(key, value);
    const full = this.full(key);
    const before = this.#table.get(full);
    this.#table.put(full, value);
    this.#undo.push(() => this.#restore(full, before));
  }

  delete(key: Uint8Array): boolean {
    if (key.length === 0) return false;
    const full = this.full(key);
    const before = this.#table.get(full);
    if (before === undefined) return false;
    this.#table.delete(full);
    this.#undo.push(() => this.#restore(full, before));
    return true;
  }

  #restore(key: Uint8Array, before: Uint8Array | undefined): void {
    if (before === undefined) this.#table.delete(key);
    else this.#table.put(key, before);
  }
}

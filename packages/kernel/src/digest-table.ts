/**
 * A table of the state that keeps the digest of its rows: the sum of SHA-256(key length ‖ key ‖ value length ‖ value)
 * (weaver.md §9). The digest does not depend on the order in which the rows were written.
 */
import { equalBytes, sha256, type SetSum, type Hash } from "@lattice/model";
import type { StateRange, StateTable } from "@lattice/store";
import type { Table } from "@lattice/storage";

export function rowHash(key: Uint8Array, value: Uint8Array): Hash {
  const out = new Uint8Array(8 + key.length + value.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, key.length);
  out.set(key, 4);
  view.setUint32(4 + key.length, value.length);
  out.set(value, 8 + key.length);
  return sha256(out);
}

export class DigestTable implements StateTable {
  readonly #table: Table;
  readonly #sum: SetSum;
  /** The row that was looked at last: what is read is mostly what is written next. */
  #lastKey: Uint8Array | undefined;
  #lastValue: Uint8Array | undefined;

  constructor(table: Table, sum: SetSum) {
    this.#table = table;
    this.#sum = sum;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    if (this.#lastKey === undefined || !equalBytes(this.#lastKey, key))
      this.#remember(key, this.#table.get(key));
    return this.#lastValue;
  }

  has(key: Uint8Array): boolean {
    return this.#table.has(key);
  }

  range(range?: StateRange) {
    return this.#table.range(range);
  }

  count(): number {
    return this.#sum.count;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    const before = this.get(key);
    if (before !== undefined && equalBytes(before, value)) return;
    // First: it throws for a row out of bounds, and whoever wrote that may catch it and go on.
    this.#table.put(key, value);
    if (before !== undefined) this.#sum.remove(rowHash(key, before));
    this.#sum.add(rowHash(key, value));
    this.#remember(key, value);
    this.onChange(this.#lastKey!, before);
  }

  delete(key: Uint8Array): boolean {
    const before = this.get(key);
    if (before === undefined) return false;
    this.#sum.remove(rowHash(key, before));
    this.#remember(key, undefined);
    this.onChange(this.#lastKey!, before);
    return this.#table.delete(key);
  }

  /** Called at each change, with what it replaces; both stay as they are. */
  protected onChange(_key: Uint8Array, _before: Uint8Array | undefined): void {}

  /** Keeps copies: who wrote may use the same bytes for the next row. */
  #remember(key: Uint8Array, value: Uint8Array | undefined): void {
    this.#lastKey = new Uint8Array(key);
    this.#lastValue = value && new Uint8Array(value);
  }
}

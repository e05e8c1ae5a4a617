/**
 * A table as its users see it: what was written since the last merge, held in memory, over the rows in LMDB.
 * While a merge is under way elsewhere, what it merges lies between the two, frozen.
 *
 * Invariants:
 * 1. A key that was written to since the last merge is in the overlay or in what is frozen, deleted ones as well.
 * 2. `#count`, once somebody asked for it, is the number of rows.
 * 3. What is frozen does not change, and stands for its keys whether LMDB has its rows already or not.
 */
import { assert, bytesFromKey, bytesKey, compareBytes, toHex } from "@lattice/model";
import { keyBounds, type KeyBounds } from "../key-bounds.ts";
import { checkRow } from "../row-bounds.ts";
import { SortedMap } from "../sorted-map.ts";
import type { Range, Row, Table } from "../storage.ts";
import type { Transactor } from "../transactor.ts";
import type { Revertible } from "../undo-log.ts";
import { toLatticeError } from "./fault.ts";
import type { ByteSlabs } from "./byte-slabs.ts";
import type { JournalRow } from "./journal-frame.ts";
import type { LmdbRow, LmdbTable } from "./lmdb-table.ts";
import { packRows, type RowBatch } from "./row-batch.ts";

/** What a key stands for until it is merged. */
export interface Written {
  /** `undefined` where the row was deleted. */
  readonly value: Uint8Array | undefined;
  /** Whether a frame has it that is being written to the journal or was. */
  isSealed: boolean;
}

/** What an entry of the overlay takes in memory beside its bytes, roughly. */
const WRITTEN_BYTES = 100;

export interface OverlayTableOptions {
  readonly name: string;
  readonly file: string;
  readonly base: LmdbTable;
  readonly transactor: Transactor<OverlayTable, Written>;
  /** Holds the values; without it, each has a buffer of its own. */
  readonly slabs?: ByteSlabs | undefined;
}

export class OverlayTable implements Table, Revertible<Written> {
  readonly name: string;
  readonly #file: string;
  readonly #base: LmdbTable;
  readonly #transactor: Transactor<OverlayTable, Written>;
  readonly #slabs: ByteSlabs | undefined;
  #written = new SortedMap<Written>();
  #frozen: SortedMap<Written> | undefined;
  #bytes = 0;
  #changes = 0;
  #count: number | undefined;

  constructor(options: OverlayTableOptions) {
    this.name = options.name;
    this.#file = options.file;
    this.#base = options.base;
    this.#transactor = options.transactor;
    this.#slabs = options.slabs;
  }

  /** Memory that the overlay takes, roughly, without what is frozen. */
  get overlayBytes(): number {
    return this.#bytes;
  }

  get overlayCount(): number {
    return this.#written.size;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#transactor.assertReadable();
    const written = this.#writtenUnder(key);
    if (written) return written.value;
    try {
      return this.#base.get(key);
    } catch (error) {
      throw this.#fault(error, key);
    }
  }

  has(key: Uint8Array): boolean {
    this.#transactor.assertReadable();
    return this.#isPresent(this.#writtenUnder(key), key);
  }

  *range(range: Range = {}): Generator<Row> {
    this.#transactor.assertReadable();
    const changes = this.#changes;
    let left = range.limit ?? Infinity;
    if (left <= 0) return;
    for (const row of this.#rows(range, keyBounds(range))) {
      yield row;
      if (--left <= 0) return;
      this.#transactor.assertReadable();
      assert(changes === this.#changes, "a range is not continued after a write to its table");
    }
  }

  count(): number {
    this.#transactor.assertReadable();
    this.#count ??= this.#counted();
    return this.#count;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#transactor.assertWritable();
    checkRow(key, value);
    this.#write(bytesKey(key), key, this.#slabs?.copy(value) ?? new Uint8Array(value));
  }

  delete(key: Uint8Array): boolean {
    this.#transactor.assertWritable();
    const text = bytesKey(key);
    if (!this.#isPresent(this.#writtenAt(text), key)) return false;
    this.#write(text, key, undefined);
    return true;
  }

  /** Takes back one change; of the transactor only. */
  restore(key: string, before: Written | undefined): void {
    this.#set(key, bytesFromKey(key), before);
  }

  /** Rows of the journal, at opening. */
  replay(rows: readonly JournalRow[]): void {
    for (const { key, value } of rows) this.#set(key, bytesFromKey(key), { value, isSealed: true });
  }

  /** The entry that stands for `key` now. */
  writtenAt(key: string): Written | undefined {
    return this.#written.get(key);
  }

  /** In a write transaction of LMDB only. */
  writeToBase(): void {
    for (const [text, { value }] of this.#written.entries()) {
      const key = bytesFromKey(text);
      if (value === undefined) this.#base.remove(key);
      else this.#base.put(key, value);
    }
  }

  /** All of the overlay is in LMDB. A range that is under way goes on with what it has. */
  mergeDone(): void {
    this.#written = new SortedMap();
    this.#bytes = 0;
  }

  /** What was written so far is about to be merged, as `batch` has it; more is written over it. */
  freeze(): void {
    assert(!this.#frozen, "one merge at a time");
    this.#frozen = this.#written;
    this.mergeDone();
  }

  /** What is frozen, packed for the merge. */
  batches(): Generator<RowBatch> {
    return packRows(this.name, valuesOf(this.#frozen!));
  }

  /** LMDB has what was frozen. */
  forgetFrozen(): void {
    this.#frozen = undefined;
  }

  /** What was frozen was not merged, and is merged with what is written later. */
  thaw(): void {
    const frozen = this.#frozen!;
    this.#frozen = undefined;
    for (const [text, written] of frozen.unordered()) {
      if (this.#written.has(text)) continue;
      this.#written.set(text, written);
      this.#bytes += bytesOf(text, written);
    }
    this.#changes += 1;
  }

  /** Forgets what was written since the last merge. */
  drop(): void {
    this.mergeDone();
    this.#changes += 1;
    this.#count = undefined;
  }

  #write(text: string, key: Uint8Array, value: Uint8Array | undefined): void {
    this.#transactor.record(this, text, this.#written.get(text));
    this.#set(text, key, { value, isSealed: false });
  }

  #set(text: string, key: Uint8Array, next: Written | undefined): void {
    const before = this.#written.get(text);
    if (this.#count !== undefined) {
      const below = this.#frozen?.get(text);
      this.#count +=
        Number(this.#isPresent(next ?? below, key)) - Number(this.#isPresent(before ?? below, key));
    }
    this.#changes += 1;
    this.#bytes += bytesOf(text, next) - bytesOf(text, before);
    this.#written.restore(text, next);
  }

  #writtenUnder(key: Uint8Array): Written | undefined {
    return this.#written.size === 0 && !this.#frozen ? undefined : this.#writtenAt(bytesKey(key));
  }

  #writtenAt(text: string): Written | undefined {
    return this.#written.get(text) ?? this.#frozen?.get(text);
  }

  #isPresent(written: Written | undefined, key: Uint8Array): boolean {
    if (written) return written.value !== undefined;
    try {
      return this.#base.has(key);
    } catch (error) {
      throw this.#fault(error, key);
    }
  }

  #counted(): number {
    let count = this.#base.count();
    for (const [text, written] of this.#allWritten()) {
      const inBase = this.#isPresent(undefined, bytesFromKey(text));
      count += Number(written.value !== undefined) - Number(inBase);
    }
    return count;
  }

  /** What stands over LMDB, each key once, in no order. */
  *#allWritten(): Generator<[key: string, written: Written]> {
    yield* this.#written.unordered();
    if (!this.#frozen) return;
    for (const entry of this.#frozen.unordered()) if (!this.#written.has(entry[0])) yield entry;
  }

  *#rows(range: Range, bounds: KeyBounds): Generator<Row> {
    const base = this.#guarded(this.#base.range(range));
    const layers = [this.#frozen, this.#written].filter((layer) => layer !== undefined && layer.size > 0);
    let rows: Generator<LmdbRow> = base;
    for (const layer of layers) rows = mergeRows(layer!.range(bounds), rows, bounds.reverse);
    try {
      for (const { key, value } of rows) yield [key, value];
    } finally {
      base.return(undefined);
    }
  }

  /** Says where LMDB found damage. */
  *#guarded(rows: Generator<LmdbRow>): Generator<LmdbRow> {
    let last: Uint8Array | undefined;
    try {
      for (const row of rows) {
        last = row.key;
        yield row;
      }
    } catch (error) {
      throw this.#fault(error, last);
    }
  }

  #fault(error: unknown, key: Uint8Array | undefined): Error {
    this.#base.renewView();
    const where = `table ${this.name}${key ? `, at key ${toHex(key.subarray(0, 64))}` : ""}`;
    return toLatticeError(error, { file: this.#file, where });
  }
}

function* valuesOf(rows: SortedMap<Written>): Generator<[key: string, value: Uint8Array | undefined]> {
  for (const [key, { value }] of rows.unordered()) yield [key, value];
}

function bytesOf(key: string, written: Written | undefined): number {
  return written ? key.length + (written.value?.length ?? 0) + WRITTEN_BYTES : 0;
}

/** Both in the same order; of two rows with one key the written one counts. */
function* mergeRows(
  written: Generator<[key: string, written: Written]>,
  base: Generator<LmdbRow>,
  reverse: boolean,
): Generator<LmdbRow> {
  let upper = nextWritten(written);
  let lower = base.next();
  while (upper || !lower.done) {
    const order = !upper
      ? 1
      : lower.done
        ? -1
        : compareBytes(upper.key, lower.value.key) * (reverse ? -1 : 1);
    if (order === 0) lower = base.next();
    if (order > 0 && !lower.done) {
      yield lower.value;
      lower = base.next();
    } else if (upper) {
      if (upper.value) yield { key: upper.key, value: upper.value };
      upper = nextWritten(written);
    }
  }
}

function nextWritten(
  written: Generator<[key: string, written: Written]>,
): { key: Uint8Array; value: Uint8Array | undefined } | undefined {
  const next = written.next();
  if (next.done) return undefined;
  const [text, { value }] = next.value;
  return { key: bytesFromKey(text), value };
}

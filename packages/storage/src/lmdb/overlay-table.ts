/**
 * A table as its users see it: what was written since the last merge, held in memory, over the rows in LMDB.
 *
 * Invariants:
 * 1. A key that was written to since the last merge is in the overlay, deleted ones as well.
 * 2. `#count`, once somebody asked for it, is the number of rows.
 */
import { assert, bytesFromKey, bytesKey, compareBytes, toHex } from "@lattice/model";
import { keyBounds, type KeyBounds } from "../key-bounds.ts";
import { checkRow } from "../row-bounds.ts";
import { SortedMap } from "../sorted-map.ts";
import type { Range, Row, Table } from "../storage.ts";
import type { Transactor } from "../transactor.ts";
import type { Revertible } from "../undo-log.ts";
import { toLatticeError } from "./fault.ts";
import type { JournalRow } from "./journal-frame.ts";
import type { LmdbRow, LmdbTable } from "./lmdb-table.ts";

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
}

export class OverlayTable implements Table, Revertible<Written> {
  readonly name: string;
  readonly #file: string;
  readonly #base: LmdbTable;
  readonly #transactor: Transactor<OverlayTable, Written>;
  #written = new SortedMap<Written>();
  #bytes = 0;
  #changes = 0;
  #count: number | undefined;

  constructor(options: OverlayTableOptions) {
    this.name = options.name;
    this.#file = options.file;
    this.#base = options.base;
    this.#transactor = options.transactor;
  }

  /** Memory that the overlay takes, roughly. */
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
    this.#write(bytesKey(key), key, new Uint8Array(value));
  }

  delete(key: Uint8Array): boolean {
    this.#transactor.assertWritable();
    const text = bytesKey(key);
    if (!this.#isPresent(this.#written.get(text), key)) return false;
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
      this.#count += Number(this.#isPresent(next, key)) - Number(this.#isPresent(before, key));
    }
    this.#changes += 1;
    this.#bytes += bytesOf(text, next) - bytesOf(text, before);
    this.#written.restore(text, next);
  }

  #writtenUnder(key: Uint8Array): Written | undefined {
    return this.#written.size === 0 ? undefined : this.#written.get(bytesKey(key));
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
    for (const [text, written] of this.#written.entries()) {
      const inBase = this.#isPresent(undefined, bytesFromKey(text));
      count += Number(written.value !== undefined) - Number(inBase);
    }
    return count;
  }

  *#rows(range: Range, bounds: KeyBounds): Generator<Row> {
    const base = this.#guarded(this.#base.range(range));
    if (this.#written.size === 0) {
      for (const { key, value } of base) yield [key, value];
      return;
    }
    try {
      yield* mergeRows(this.#written.range(bounds), base, bounds.reverse);
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

function bytesOf(key: string, written: Written | undefined): number {
  return written ? key.length + (written.value?.length ?? 0) + WRITTEN_BYTES : 0;
}

/** Both in the same order; of two rows with one key the written one counts. */
function* mergeRows(
  written: Generator<[key: string, written: Written]>,
  base: Generator<LmdbRow>,
  reverse: boolean,
): Generator<Row> {
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
      yield [lower.value.key, lower.value.value];
      lower = base.next();
    } else if (upper) {
      if (upper.value) yield [upper.key, upper.value];
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

/**
 * One table of rows in LMDB. An LMDB key has 1,978 bytes at the most and the port's have more, so a key is
 * cut into parts: the first, with the rows of the table, and, where there is more, the rest in a second
 * database that all tables share.
 *
 *   table      part                    → value         a key of at most KEY_PART_BYTES
 *   table      part ‖ 00               → (empty)       continued: there are longer keys that begin with `part`
 *   continued  SHA-256(all so far) ‖ part       → value      the rest of such a key, cut in the same way
 *   continued  SHA-256(all so far) ‖ part ‖ 00  → (empty)
 *
 * A mark is one byte longer than any part, so that it is told from a row by its length, and it sorts after
 * the key that it continues and before all that do not begin with it: a walk in order that enters the rest
 * at each mark is in the order of the whole keys. A point look-up needs no walk.
 *
 * Invariants, whenever no transaction is open:
 * 1. There is a mark if and only if there is a row or a mark below it.
 */
import { compareBytes, concatBytes, equalBytes, prefixEnd, sha256, utf8 } from "@lattice/model";
import type { Database, Transaction } from "lmdb";
import { KEY_PART_BYTES } from "../limits.ts";
import type { Range } from "../storage.ts";

/** A database with binary keys and values. Never written but in `transactionSync`. */
export interface Rows extends Database<Uint8Array, Uint8Array> {
  /** The binding takes it, its types do not say so. */
  getBinaryFast(id: Uint8Array, reading?: Reading): Buffer | undefined;
}

export interface LmdbRow {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

interface Bound {
  readonly key: Uint8Array;
  readonly included: boolean;
}

/** How LMDB is read: with which view of it. */
interface Reading {
  readonly transaction?: Transaction;
}

/** One level of the walk: the rows of `rows` whose keys begin with `id`, which stand for `path` ‖ part. */
interface Level {
  readonly rows: Rows;
  readonly id: Uint8Array;
  readonly path: Uint8Array;
}

interface Span {
  readonly lower: Bound | undefined;
  readonly upper: Bound | undefined;
  readonly reverse: boolean;
}

const NOTHING = new Uint8Array(0);
const MARK = new Uint8Array(1);

export interface LmdbTableOptions {
  readonly name: string;
  readonly rows: Rows;
  /** Shared by all tables. */
  readonly continued: Rows;
  /** Of this table, as the file has it: see `longCount`. */
  readonly readLongCount: () => number;
  /** What is read is as it was when this began; without one, as it is. */
  readonly transaction?: Transaction;
}

export class LmdbTable {
  readonly #options: LmdbTableOptions;
  #rows: Rows;
  #continued: Rows;
  readonly #reading: Reading;
  readonly #name: Uint8Array;
  readonly #ranges = new Set<Generator<LmdbRow>>();
  /**
   * Rows in `continued` less marks in `rows`: what LMDB's own count of `rows` has to be corrected by. Right while
   * a transaction writes, since the file's other users write it as well.
   */
  longCount = 0;

  constructor(options: LmdbTableOptions) {
    this.#options = options;
    this.#rows = options.rows;
    this.#continued = options.continued;
    this.#reading = options.transaction ? { transaction: options.transaction } : {};
    this.#name = utf8(`${options.name}\0`);
  }

  get(key: Uint8Array): Uint8Array | undefined {
    if (key.length <= KEY_PART_BYTES) return getOwn(this.#rows, key, this.#reading);
    return getOwn(this.#continued, this.#lastPart(key), this.#reading);
  }

  has(key: Uint8Array): boolean {
    if (key.length <= KEY_PART_BYTES) return key.length > 0 && isPresent(this.#rows, key, this.#reading);
    return isPresent(this.#continued, this.#lastPart(key), this.#reading);
  }

  /** In a write transaction only. */
  put(key: Uint8Array, value: Uint8Array): void {
    if (key.length <= KEY_PART_BYTES) this.#rows.putSync(key, value);
    else this.#putLong(key, value);
  }

  /** In a write transaction only. */
  remove(key: Uint8Array): void {
    if (key.length <= KEY_PART_BYTES) this.#rows.removeSync(key);
    else this.#removeLong(key);
  }

  /** Without a scan. */
  count(): number {
    return (this.#rows.getStats() as { entryCount: number }).entryCount + this.#options.readLongCount();
  }

  range(range: Range): Generator<LmdbRow> {
    const lower = range.gte ?? range.gt;
    const upper = range.lte ?? range.lt;
    return this.#tracked(
      this.#walk(this.#level(NOTHING), {
        lower: lower && { key: lower, included: range.gt === undefined },
        upper: upper && { key: upper, included: range.lt === undefined },
        reverse: range.reverse === true,
      }),
    );
  }

  /** The file was opened anew. */
  reopened({ rows, continued }: Pick<LmdbTableOptions, "rows" | "continued">): void {
    this.#rows = rows;
    this.#continued = continued;
  }

  /** But for the rest of long keys. */
  get rows(): Rows {
    return this.#rows;
  }

  get isBeingRead(): boolean {
    return this.#ranges.size > 0;
  }

  /** This table as the transaction sees it; what is written from here on is not in it. */
  in(transaction: Transaction): LmdbTable {
    const options = { ...this.#options, rows: this.#rows, continued: this.#continued };
    return new LmdbTable({ ...options, transaction });
  }

  /** After an error LMDB refuses all that is read with the same view of its file. */
  renewView(): void {
    this.#rows.resetReadTxn();
  }

  /** Lets go of what ranges that were not read to their end hold of LMDB, as must be before it is closed. */
  endRanges(): void {
    for (const range of this.#ranges) range.return(undefined);
  }

  *#tracked(range: Generator<LmdbRow>): Generator<LmdbRow> {
    this.#ranges.add(range);
    try {
      yield* range;
    } finally {
      this.#ranges.delete(range);
    }
  }

  #level(path: Uint8Array): Level {
    return path.length === 0
      ? { rows: this.#rows, id: NOTHING, path }
      : { rows: this.#continued, id: this.#idOf(path), path };
  }

  #idOf(path: Uint8Array): Uint8Array {
    // A plain copy: a hash may be a Buffer, and `slice` of that, as in `prefixEnd`, does not copy.
    return new Uint8Array(sha256(concatBytes(this.#name, path)));
  }

  /** The LMDB key of the row of a long key. */
  #lastPart(key: Uint8Array): Uint8Array {
    const cut = lastCut(key);
    return concatBytes(this.#level(key.subarray(0, cut)).id, key.subarray(cut));
  }

  #putLong(key: Uint8Array, value: Uint8Array): void {
    const last = this.#lastPart(key);
    if (!isPresent(this.#continued, last, this.#reading)) {
      this.longCount += 1;
      for (let cut = KEY_PART_BYTES; cut < key.length; cut += KEY_PART_BYTES) this.#addMark(key, cut);
    }
    this.#continued.putSync(last, value);
  }

  #removeLong(key: Uint8Array): void {
    const last = this.#lastPart(key);
    if (!isPresent(this.#continued, last, this.#reading)) return;
    this.longCount -= 1;
    this.#continued.removeSync(last);
    for (let cut = lastCut(key); cut > 0 && this.#isEmpty(key.subarray(0, cut)); cut -= KEY_PART_BYTES) {
      const { rows, mark } = this.#mark(key, cut);
      rows.removeSync(mark);
      if (cut === KEY_PART_BYTES) this.longCount += 1;
    }
  }

  #addMark(key: Uint8Array, cut: number): void {
    const { rows, mark } = this.#mark(key, cut);
    if (isPresent(rows, mark, this.#reading)) return;
    rows.putSync(mark, NOTHING);
    if (cut === KEY_PART_BYTES) this.longCount -= 1;
  }

  /** The mark that says that `key` goes on after its first `cut` bytes. */
  #mark(key: Uint8Array, cut: number): { rows: Rows; mark: Uint8Array } {
    const { rows, id } = this.#level(key.subarray(0, cut - KEY_PART_BYTES));
    return { rows, mark: concatBytes(id, key.subarray(cut - KEY_PART_BYTES, cut), MARK) };
  }

  #isEmpty(path: Uint8Array): boolean {
    const { rows, id } = this.#level(path);
    const span = { lower: { key: id, included: true }, upper: endOf(id), reverse: false };
    const all = scan(rows, span, this.#reading);
    const first = all.next();
    all.return(undefined);
    return first.done === true;
  }

  *#walk(level: Level, span: Span): Generator<LmdbRow> {
    const { id, path } = level;
    const lower = span.lower && cutBound(span.lower);
    const upper = span.upper && cutBound(span.upper);
    const within = {
      lower: lower ? { key: concatBytes(id, lower.key), included: lower.included } : beginOf(id),
      upper: upper ? { key: concatBytes(id, upper.key), included: upper.included } : endOf(id),
      reverse: span.reverse,
    };
    for (const row of scan(level.rows, within, this.#reading)) {
      const isMark = row.key.length > id.length + KEY_PART_BYTES;
      if (!isMark && id.length === 0) yield row;
      else if (!isMark) yield { key: concatBytes(path, row.key.subarray(id.length)), value: row.value };
      else {
        const part = row.key.subarray(id.length, -MARK.length);
        yield* this.#walk(this.#level(concatBytes(path, part)), {
          lower: boundBelow(span.lower, part),
          upper: boundBelow(span.upper, part),
          reverse: span.reverse,
        });
      }
    }
  }
}

/** Where the last part of a long key begins. */
function lastCut(key: Uint8Array): number {
  return key.length - 1 - ((key.length - 1) % KEY_PART_BYTES);
}

/** A bound as this level has it: of a long one its first part's mark, below which the rest of it applies. */
function cutBound(bound: Bound): Bound {
  if (bound.key.length <= KEY_PART_BYTES) return bound;
  return { key: concatBytes(bound.key.subarray(0, KEY_PART_BYTES), MARK), included: true };
}

function boundBelow(bound: Bound | undefined, part: Uint8Array): Bound | undefined {
  if (!bound || bound.key.length <= KEY_PART_BYTES) return undefined;
  if (!equalBytes(bound.key.subarray(0, KEY_PART_BYTES), part)) return undefined;
  return { key: bound.key.subarray(KEY_PART_BYTES), included: bound.included };
}

function beginOf(id: Uint8Array): Bound | undefined {
  return id.length === 0 ? undefined : { key: id, included: true };
}

function endOf(id: Uint8Array): Bound | undefined {
  const end = prefixEnd(id);
  return end && { key: end, included: false };
}

/**
 * The rows of one LMDB database in order. Bounds that are left out are given as `undefined` and not left
 * out, since LMDB's binding otherwise begins and ends at the key 00, and in reverse leaves that one out.
 */
function* scan(rows: Rows, span: Span, reading: Reading): Generator<LmdbRow> {
  const from = span.reverse ? span.upper : span.lower;
  const to = span.reverse ? span.lower : span.upper;
  if (span.upper?.key.length === 0) return;
  const cursor = rows
    .getRange({
      start: orNone(from),
      end: orNone(to),
      inclusiveEnd: to?.included === true,
      reverse: span.reverse,
      ...reading,
    })
    [Symbol.iterator]();
  try {
    let at = cursor.next();
    if (!at.done && from && !from.included && compareBytes(at.value.key, from.key) === 0) at = cursor.next();
    for (; !at.done; at = cursor.next()) yield { key: plain(at.value.key), value: plain(at.value.value) };
  } finally {
    cursor.return?.();
  }
}

function orNone(bound: Bound | undefined): Uint8Array | undefined {
  return bound && bound.key.length > 0 ? bound.key : undefined;
}

/** LMDB's binding gives a Buffer, whose `slice` does not copy. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

function isPresent(rows: Rows, key: Uint8Array, reading: Reading): boolean {
  return rows.getBinaryFast(key, reading) !== undefined;
}

function getOwn(rows: Rows, key: Uint8Array, reading: Reading): Uint8Array | undefined {
  if (key.length === 0) return undefined;
  // A view of a buffer that the next read overwrites.
  const shared = rows.getBinaryFast(key, reading);
  return shared && copyOf(shared);
}

/** Up to this a loop is faster than a copy by the engine. */
const LOOP_BYTES = 256;

/** The binding sets the length of its buffer as a property, which typed arrays do not look at when they copy one. */
function copyOf(shared: Uint8Array): Uint8Array {
  const { length } = shared;
  if (length > LOOP_BYTES) {
    return new Uint8Array(shared.buffer.slice(shared.byteOffset, shared.byteOffset + length));
  }
  const copy = new Uint8Array(length);
  for (let at = 0; at < length; at++) copy[at] = shared[at]!;
  return copy;
}

/**
 * A state as one string of bytes: how it goes to a member that has fallen behind, and into a backup. The same state gives
 * the same bytes.
 *
 *   16 bytes  "lattice state 1\n"
 *   rows      one after the other, in the order of the tables' names and their keys:
 *             1 byte   which table, counted from 0 in the order of their names
 *             4 bytes  length of the key
 *             4 bytes  length of the value
 *             key, value
 *   9 bytes   the end: 0xff, and the number of rows
 *
 * Numbers are big-endian. A string that is damaged or breaks off is refused as `corrupt`.
 */
import { equalBytes, LatticeError, readSeqBe, u64be, utf8 } from "@lattice/model";
import { KEY_BYTES_MAX, VALUE_BYTES_MAX, type TableReader } from "@lattice/storage";
import { STATE_PIECE_BYTES } from "../limits.ts";

const MAGIC = utf8("lattice state 1\n");
const HEAD_BYTES = 9;
const END = 0xff;

/** In pieces of `STATE_PIECE_BYTES`, but for the last. */
export function* encodeState(
  tables: readonly string[],
  table: (name: string) => TableReader,
): Generator<Uint8Array> {
  const cutter = new PieceCutter();
  yield* cutter.add(MAGIC);
  let count = 0;
  for (const [at, name] of tables.toSorted().entries()) {
    for (const [key, value] of table(name).range()) {
      yield* cutter.add(rowHead(at, key, value));
      yield* cutter.add(key);
      yield* cutter.add(value);
      count++;
    }
  }
  yield* cutter.add(Uint8Array.of(END, ...u64be(count)));
  yield* cutter.end();
}

function rowHead(table: number, key: Uint8Array, value: Uint8Array): Uint8Array {
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head[0] = table;
  head.writeUInt32BE(key.length, 1);
  head.writeUInt32BE(value.length, 5);
  return head;
}

class PieceCutter {
  #piece = Buffer.allocUnsafeSlow(STATE_PIECE_BYTES);
  #length = 0;

  *add(bytes: Uint8Array): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + STATE_PIECE_BYTES - this.#length);
      this.#piece.set(part, this.#length);
      this.#length += part.length;
      at += part.length;
      if (this.#length === STATE_PIECE_BYTES) yield* this.end();
    }
  }

  *end(): Generator<Uint8Array> {
    if (this.#length === 0) return;
    yield this.#piece.subarray(0, this.#length);
    this.#piece = Buffer.allocUnsafeSlow(STATE_PIECE_BYTES);
    this.#length = 0;
  }
}

export type WriteRow = (table: string, key: Uint8Array, value: Uint8Array) => void;

/** Takes the pieces, however they were cut, and gives the rows. */
export class StateReader {
  readonly #tables: readonly string[];
  readonly #write: WriteRow;
  /** What no whole row has come of yet. */
  #rest = Buffer.alloc(0);
  #isBegun = false;
  #isEnded = false;
  #count = 0;

  constructor(tables: readonly string[], write: WriteRow) {
    this.#tables = tables.toSorted();
    this.#write = write;
  }

  add(piece: Uint8Array): void {
    const bytes = Buffer.concat([this.#rest, piece]);
    let at = this.#isBegun ? 0 : this.#begin(bytes);
    for (let next: number | undefined = at; next !== undefined; next = this.#readRow(bytes, at)) at = next;
    this.#rest = bytes.subarray(at);
    if (this.#isEnded && this.#rest.length > 0) throw damaged("goes on behind its end");
  }

  /** Throws where it is not complete. */
  end(): void {
    if (!this.#isEnded) throw damaged("breaks off");
  }

  #begin(bytes: Uint8Array): number {
    if (bytes.length < MAGIC.length) return 0;
    if (!equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)) throw damaged("does not begin as one");
    this.#isBegun = true;
    return MAGIC.length;
  }

  /** Where the next row begins; undefined where this one is not there whole. */
  #readRow(bytes: Buffer, at: number): number | undefined {
    if (!this.#isBegun || this.#isEnded || bytes.length - at < HEAD_BYTES) return undefined;
    const tag = bytes[at]!;
    if (tag === END) return this.#readEnd(bytes, at);
    const table = this.#tables[tag];
    if (table === undefined) throw damaged(`has rows of a table ${tag}`);
    const keyLength = bytes.readUInt32BE(at + 1);
    const valueLength = bytes.readUInt32BE(at + 5);
    if (keyLength > KEY_BYTES_MAX || valueLength > VALUE_BYTES_MAX) throw damaged("has a row that is too long");
    const keyAt = at + HEAD_BYTES;
    const valueAt = keyAt + keyLength;
    const end = valueAt + valueLength;
    if (bytes.length < end) return undefined;
    this.#write(table, bytes.subarray(keyAt, valueAt), bytes.subarray(valueAt, end));
    this.#count++;
    return end;
  }

  #readEnd(bytes: Buffer, at: number): number {
    if (readSeqBe(bytes, at + 1) !== this.#count) throw damaged("lacks rows");
    this.#isEnded = true;
    return at + HEAD_BYTES;
  }
}

function damaged(how: string): LatticeError {
  return new LatticeError("corrupt", `what should be the state of a cluster ${how}`);
}

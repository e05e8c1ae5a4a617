/**
 * Tables as a stream of bytes that depends on their rows alone, and back.
 *
 *   stream = format u8 | table* | 0 u8;   table = 1 u8 | name bytes u8 | name | row* | 0 u8
 *   row = 1 u8 | key bytes u16 | value bytes u32 | key | value
 *
 * The stream is cut into pieces anywhere, so that none is larger than PIECE_BYTES_MAX. Zeros may follow it. Numbers are big-endian.
 */
import { LatticeError, utf8 } from "@lattice/model";
import { VALUE_BYTES_MAX, type Storage } from "@lattice/storage";
import { PIECE_BYTES_MAX } from "./limits.ts";
import type { Tables } from "./tables.ts";

const FORMAT = 1;
const END = 0;
const NEXT = 1;
const ROW_HEADER_BYTES = 7;

/** Pieces of all rows, in the order of `names`. Not to be continued after a write: it is for a view. */
export function* dumpTables(tables: Tables, names: readonly string[]): Generator<Uint8Array> {
  const cutter = new PieceCutter();
  yield* cutter.add(Uint8Array.of(FORMAT));
  for (const name of names) {
    const nameBytes = utf8(name);
    yield* cutter.add(Uint8Array.of(NEXT, nameBytes.length));
    yield* cutter.add(nameBytes);
    for (const [key, value] of tables(name).range()) {
      yield* cutter.add(rowHeader(key, value));
      yield* cutter.add(key);
      yield* cutter.add(value);
    }
    yield* cutter.add(Uint8Array.of(END));
  }
  yield* cutter.add(Uint8Array.of(END));
  yield* cutter.end();
}

function rowHeader(key: Uint8Array, value: Uint8Array): Uint8Array {
  const header = new Uint8Array(ROW_HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint8(0, NEXT);
  view.setUint16(1, key.length);
  view.setUint32(3, value.length);
  return header;
}

class PieceCutter {
  #piece = new Uint8Array(PIECE_BYTES_MAX);
  #length = 0;

  *add(bytes: Uint8Array): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + PIECE_BYTES_MAX - this.#length);
      this.#piece.set(part, this.#length);
      this.#length += part.length;
      at += part.length;
      if (this.#length === PIECE_BYTES_MAX) yield this.#take();
    }
  }

  *end(): Generator<Uint8Array> {
    if (this.#length > 0) yield this.#take();
  }

  #take(): Uint8Array {
    const piece = this.#piece.subarray(0, this.#length);
    this.#piece = new Uint8Array(PIECE_BYTES_MAX);
    this.#length = 0;
    return piece;
  }
}

/** What a restore writes at a time. */
interface Rows {
  readonly table: string;
  readonly rows: [key: Uint8Array, value: Uint8Array][];
}

/**
 * Fills an empty storage with the pieces of a dump, given in their order, each in a transaction of its own. Throws `corrupt` for what is
 * no dump; then the storage is to be thrown away.
 */
export class TableRestore {
  readonly #storage: Storage;
  readonly #parser = new DumpParser();

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  add(piece: Uint8Array): void {
    const found = this.#parser.parse(piece);
    this.#storage.transaction((table) => {
      for (const { table: name, rows } of found) {
        const target = table(name);
        for (const [key, value] of rows) target.put(key, value);
      }
    });
  }

  /** Throws `corrupt` if the dump has not ended. */
  end(): void {
    if (!this.#parser.hasEnded) throw damaged("ends too early");
  }
}

class DumpParser {
  /** What of the stream was not whole yet. */
  #rest: Uint8Array = new Uint8Array(0);
  #state: "format" | "tables" | "rows" | "ended" = "format";
  #table = "";

  get hasEnded(): boolean {
    return this.#state === "ended" && this.#rest.length === 0;
  }

  parse(piece: Uint8Array): Rows[] {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const found: Rows[] = [];
    let at = 0;
    for (;;) {
      const next = this.#step(bytes, at, found);
      if (next === undefined) break;
      at = next;
    }
    // A copy: who gave the piece may use it again.
    this.#rest = new Uint8Array(bytes.subarray(at));
    return found;
  }

  /** Gives the place behind what was read; undefined where it is not whole. */
  #step(bytes: Uint8Array, at: number, found: Rows[]): number | undefined {
    if (at >= bytes.length) return undefined;
    switch (this.#state) {
      case "format":
        if (bytes[at] !== FORMAT) throw damaged(`has format ${bytes[at]}, this program reads ${FORMAT}`);
        this.#state = "tables";
        return at + 1;
      case "tables":
        return this.#readTable(bytes, at, found);
      case "rows":
        return this.#readRow(bytes, at, found);
      case "ended":
        // Files of it have zeros up to a whole sector.
        if (bytes[at] !== 0) throw damaged("goes on behind its end");
        return at + 1;
    }
  }

  #readTable(bytes: Uint8Array, at: number, found: Rows[]): number | undefined {
    if (!this.#isNext(bytes[at]!)) {
      this.#state = "ended";
      return at + 1;
    }
    const end = at + 2 + (bytes[at + 1] ?? 0);
    if (end > bytes.length || at + 2 > bytes.length) return undefined;
    this.#table = new TextDecoder().decode(bytes.subarray(at + 2, end));
    this.#state = "rows";
    found.push({ table: this.#table, rows: [] });
    return end;
  }

  #readRow(bytes: Uint8Array, at: number, found: Rows[]): number | undefined {
    if (!this.#isNext(bytes[at]!)) {
      this.#state = "tables";
      return at + 1;
    }
    if (at + ROW_HEADER_BYTES > bytes.length) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, ROW_HEADER_BYTES);
    const keyAt = at + ROW_HEADER_BYTES;
    const valueAt = keyAt + view.getUint16(1);
    const end = valueAt + view.getUint32(3);
    // Not that much is waited for.
    if (end - valueAt > VALUE_BYTES_MAX) throw damaged("has a row that is too large");
    if (end > bytes.length) return undefined;
    if (found.at(-1)?.table !== this.#table) found.push({ table: this.#table, rows: [] });
    found.at(-1)!.rows.push([bytes.subarray(keyAt, valueAt), bytes.subarray(valueAt, end)]);
    return end;
  }

  #isNext(byte: number): boolean {
    if (byte !== END && byte !== NEXT) throw damaged("is damaged");
    return byte === NEXT;
  }
}

function damaged(how: string): LatticeError {
  return new LatticeError("corrupt", `the dump ${how}`);
}

/**
 * What the log and the wire need of MessagePack: unsigned integers below 2^53, byte strings, arrays, nil. Anything more
 * general costs several times as much, on the path of every write.
 *
 * Canonical: of every value there is one encoding, the shortest, and what is read is that one or refused. Whatever the bytes
 * are, a reader gives a value or throws `corrupt`, and takes no more memory than they have.
 */
import { LatticeError } from "@lattice/model";

const NIL = 0xc0;
const BIN_8 = 0xc4;
const BIN_16 = 0xc5;
const BIN_32 = 0xc6;
const UINT_8 = 0xcc;
const UINT_16 = 0xcd;
const UINT_32 = 0xce;
const UINT_64 = 0xcf;
const FIX_ARRAY = 0x90;
const FIX_ARRAY_MAX = 0x0f;
const FIX_UINT_MAX = 0x7f;
const ARRAY_16 = 0xdc;
const ARRAY_32 = 0xdd;
const U32_COUNT = 2 ** 32;

const FIRST_BYTES = 256;
/** What a writer that is used again and again holds on to. */
const KEPT_BYTES_MAX = 4 << 20;

/** Appends values to bytes that grow as it needs them. */
export class PackWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written, until something else is: a view. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets all that was written, and gives back the memory where that was much. */
  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > KEPT_BYTES_MAX) this.#bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  }

  /** Forgets what was written behind there. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** Leaves room for so many bytes, which whoever has `written` fills in, and says where. */
  skip(count: number): number {
    return this.#grow(count);
  }

  nil(): void {
    this.#byte(NIL);
  }

  uint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw unfit(`${value} is no whole number from 0 to 2^53 - 1`);
    }
    if (value <= FIX_UINT_MAX) this.#byte(value);
    else if (value <= 0xff) this.#sized(UINT_8, 1, value);
    else if (value <= 0xffff) this.#sized(UINT_16, 2, value);
    else if (value < U32_COUNT) this.#sized(UINT_32, 4, value);
    else this.#uint64(value);
  }

  array(count: number): void {
    if (count <= FIX_ARRAY_MAX) this.#byte(FIX_ARRAY | count);
    else if (count <= 0xffff) this.#sized(ARRAY_16, 2, count);
    else this.#sized(ARRAY_32, 4, count);
  }

  bin(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length >= U32_COUNT) throw unfit(`${length} bytes are too many for an entry`);
    if (length <= 0xff) this.#sized(BIN_8, 1, length);
    else if (length <= 0xffff) this.#sized(BIN_16, 2, length);
    else this.#sized(BIN_32, 4, length);
    const at = this.#grow(length);
    this.#bytes.set(bytes, at);
  }

  #byte(value: number): void {
    // Before anything else, as it may put other bytes in the place of these.
    const at = this.#grow(1);
    this.#bytes[at] = value;
  }

  #sized(tag: number, width: 1 | 2 | 4, value: number): void {
    let at = this.#grow(1 + width);
    const bytes = this.#bytes;
    bytes[at++] = tag;
    if (width === 4) {
      bytes[at++] = value >>> 24;
      bytes[at++] = value >>> 16;
    }
    if (width >= 2) bytes[at++] = value >>> 8;
    bytes[at] = value;
  }

  #uint64(value: number): void {
    const at = this.#grow(9);
    this.#bytes[at] = UINT_64;
    this.#bytes.writeUInt32BE(Math.floor(value / U32_COUNT), at + 1);
    this.#bytes.writeUInt32BE(value % U32_COUNT, at + 5);
  }

  /** Makes room for so many bytes and gives where they go. */
  #grow(count: number): number {
    const at = this.#length;
    this.#length = at + count;
    if (this.#length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.#length, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
    }
    return at;
  }
}

/** Reads values one after the other. Throws `corrupt` where another stands, or a longer encoding than it takes. */
export class PackReader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, start = 0) {
    this.#bytes = bytes;
    this.#at = start;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Where the next value begins. */
  get position(): number {
    return this.#at;
  }

  /** Throws where something follows. */
  end(): void {
    if (!this.isAtEnd) throw corrupt(`${this.#bytes.length - this.#at} bytes too many`);
  }

  nil(): void {
    if (this.#byte() !== NIL) throw corrupt("no nil where one belongs");
  }

  /** Whether a nil comes next, which is then behind it. */
  maybeNil(): boolean {
    const isNil = this.#bytes[this.#at] === NIL;
    if (isNil) this.#at++;
    return isNil;
  }

  uint(): number {
    const tag = this.#byte();
    switch (tag) {
      case UINT_8:
        return this.#sized(1, FIX_UINT_MAX);
      case UINT_16:
        return this.#sized(2, 0xff);
      case UINT_32:
        return this.#sized(4, 0xffff);
      case UINT_64:
        return this.#uint64();
      default:
        if (tag > FIX_UINT_MAX) throw corrupt("no number where one belongs");
        return tag;
    }
  }

  /** How many values follow; there are bytes for so many at the least. */
  array(expected?: number): number {
    const tag = this.#byte();
    let count: number;
    if (tag === ARRAY_16) count = this.#sized(2, FIX_ARRAY_MAX);
    else if (tag === ARRAY_32) count = this.#sized(4, 0xffff);
    else if (tag >= FIX_ARRAY && tag <= FIX_ARRAY + FIX_ARRAY_MAX) count = tag - FIX_ARRAY;
    else throw corrupt("no list where one belongs");
    if (expected !== undefined && count !== expected)
      throw corrupt(`${count} values in place of ${expected}`);
    if (count > this.#bytes.length - this.#at) throw corrupt("a list that breaks off");
    return count;
  }

  /** A view of the bytes. */
  bin(): Uint8Array {
    const length = this.#binLength();
    const start = this.#skip(length);
    // Not `subarray`, which of a Buffer would be one.
    return new Uint8Array(this.#bytes.buffer as ArrayBuffer, this.#bytes.byteOffset + start, length);
  }

  #binLength(): number {
    switch (this.#byte()) {
      case BIN_8:
        return this.#sized(1, -1);
      case BIN_16:
        return this.#sized(2, 0xff);
      case BIN_32:
        return this.#sized(4, 0xffff);
      default:
        throw corrupt("no bytes where some belong");
    }
  }

  /** A number of so many bytes that would not have gone into fewer. */
  #sized(width: 1 | 2 | 4, fewerMax: number): number {
    const start = this.#skip(width);
    let value = 0;
    for (let at = start; at < start + width; at++) value = value * 256 + this.#bytes[at]!;
    if (value <= fewerMax) throw corrupt("a number longer than it need be");
    return value;
  }

  #uint64(): number {
    const high = this.#sized(4, 0);
    const value = high * U32_COUNT + this.#sized(4, -1);
    if (value > Number.MAX_SAFE_INTEGER) throw corrupt("a number of 2^53 or more");
    return value;
  }

  #byte(): number {
    return this.#bytes[this.#skip(1)]!;
  }

  /** Gives where what is skipped begins. */
  #skip(count: number): number {
    const start = this.#at;
    if (count > this.#bytes.length - start) throw corrupt("bytes that break off");
    this.#at = start + count;
    return start;
  }
}

export function corrupt(what: string): LatticeError {
  return new LatticeError("corrupt", `what should be MessagePack has ${what}`);
}

export function unfit(what: string): LatticeError {
  return new LatticeError("invalid-argument", what);
}

/**
 * The frames of a journal: what one flush made durable, whole or not at all.
 *
 *   magic u32 | payload bytes u32 | generation u64 | chain u32 | checksum u32 | payload | zeros up to a page
 *
 * The checksum is the CRC-32 of all between magic and checksum and of the payload, continued from that of
 * the file's salt; `chain` is the checksum of the frame before, 0 for the first. So a frame is good only
 * where it was written: in its file and generation, after the frames it followed. Who chooses values but
 * does not know the salt cannot make a frame within one.
 *
 * A payload is sections, one a table: name bytes u16, name, rows u32; rows of: key bytes u16, value bytes u32
 * or DELETED, key, value. Numbers are big-endian.
 */
import { crc32 } from "node:zlib";
import { LatticeError } from "@lattice/model";

/** Whole pages, so that no write touches a page that holds what was acknowledged. */
export const PAGE_BYTES = 4096;
const MAGIC = 0x4c_4a_46_31;
const HEADER_BYTES = 24;
const CHECKED_FROM = 4;
const CHECKSUM_AT = 20;
const DELETED = 0xffff_ffff;

export interface JournalRow {
  /** As text, see `bytesKey`. */
  readonly key: string;
  /** `undefined` where the row was deleted. */
  readonly value: Uint8Array | undefined;
}

export interface JournalSection {
  readonly table: string;
  readonly rows: readonly JournalRow[];
}

/** Where a frame stands. */
export interface FramePlace {
  readonly salt: number;
  readonly generation: number;
  readonly chain: number;
}

export interface Frame {
  readonly bytes: Uint8Array;
  readonly checksum: number;
}

export interface FrameHeader {
  readonly generation: number;
  readonly chain: number;
  readonly checksum: number;
  /** Where the payload begins and ends, and the next frame begins. */
  readonly start: number;
  readonly payloadEnd: number;
  readonly end: number;
}

export const FIRST_CHAIN = 0;

export function saltOf(salt: Uint8Array): number {
  return crc32(salt);
}

export function payloadBytes(sections: readonly JournalSection[]): number {
  let bytes = 0;
  for (const { table, rows } of sections) {
    bytes += 6 + Buffer.byteLength(table);
    for (const { key, value } of rows) bytes += 6 + key.length + (value?.length ?? 0);
  }
  return bytes;
}

export function encodeFrame(sections: readonly JournalSection[], place: FramePlace): Frame {
  const length = payloadBytes(sections);
  const bytes = Buffer.alloc(roundUp(HEADER_BYTES + length));
  bytes.writeUInt32BE(MAGIC, 0);
  bytes.writeUInt32BE(length, 4);
  bytes.writeBigUInt64BE(BigInt(place.generation), 8);
  bytes.writeUInt32BE(place.chain, 16);
  writeSections(bytes, HEADER_BYTES, sections);
  const checksum = checksumOf(bytes, place.salt);
  bytes.writeUInt32BE(checksum, CHECKSUM_AT);
  return { bytes, checksum };
}

/** What the frame at `at` says of itself; undefined where there is none. */
export function decodeHeader(file: Buffer, at: number): FrameHeader | undefined {
  if (at + HEADER_BYTES > file.length || file.readUInt32BE(at) !== MAGIC) return undefined;
  const length = file.readUInt32BE(at + 4);
  return {
    generation: Number(file.readBigUInt64BE(at + 8)),
    chain: file.readUInt32BE(at + 16),
    checksum: file.readUInt32BE(at + CHECKSUM_AT),
    start: at + HEADER_BYTES,
    payloadEnd: at + HEADER_BYTES + length,
    end: at + roundUp(HEADER_BYTES + length),
  };
}

export function isWhole(file: Buffer, header: FrameHeader, salt: number): boolean {
  if (header.payloadEnd > file.length) return false;
  const frame = file.subarray(header.start - HEADER_BYTES, header.payloadEnd);
  return checksumOf(frame, salt) === header.checksum;
}

/** The rows of a whole frame. Throws `corrupt` where they are not what a frame holds. */
export function* decodeSections(payload: Buffer): Generator<JournalSection> {
  const reader = new PayloadReader(payload);
  while (!reader.atEnd) {
    const table = reader.text(reader.u16(), "utf8");
    const rows: JournalRow[] = [];
    for (let left = reader.u32(); left > 0; left--) {
      const keyBytes = reader.u16();
      const valueBytes = reader.u32();
      const key = reader.text(keyBytes, "latin1");
      rows.push({ key, value: valueBytes === DELETED ? undefined : reader.copy(valueBytes) });
    }
    yield { table, rows };
  }
}

class PayloadReader {
  readonly #payload: Buffer;
  #at = 0;

  constructor(payload: Buffer) {
    this.#payload = payload;
  }

  get atEnd(): boolean {
    return this.#at === this.#payload.length;
  }

  u16(): number {
    return this.#payload.readUInt16BE(this.#skip(2));
  }

  u32(): number {
    return this.#payload.readUInt32BE(this.#skip(4));
  }

  text(bytes: number, encoding: "utf8" | "latin1"): string {
    const start = this.#skip(bytes);
    return this.#payload.toString(encoding, start, this.#at);
  }

  copy(bytes: number): Uint8Array {
    const start = this.#skip(bytes);
    return new Uint8Array(this.#payload.subarray(start, this.#at));
  }

  /** Gives where what was skipped begins. */
  #skip(bytes: number): number {
    const start = this.#at;
    this.#at += bytes;
    if (this.#at > this.#payload.length)
      throw new LatticeError("corrupt", "a frame of the journal does not end where it says");
    return start;
  }
}

function writeSections(bytes: Buffer, start: number, sections: readonly JournalSection[]): void {
  let at = start;
  for (const { table, rows } of sections) {
    const nameBytes = bytes.write(table, at + 2, "utf8");
    bytes.writeUInt16BE(nameBytes, at);
    bytes.writeUInt32BE(rows.length, at + 2 + nameBytes);
    at += 6 + nameBytes;
    for (const { key, value } of rows) {
      bytes.writeUInt16BE(key.length, at);
      bytes.writeUInt32BE(value?.length ?? DELETED, at + 2);
      at += 6;
      at += bytes.write(key, at, "latin1");
      if (value) {
        bytes.set(value, at);
        at += value.length;
      }
    }
  }
}

/** Zeros after the payload are no part of a frame but may be given with it. */
function checksumOf(frame: Buffer, salt: number): number {
  const payloadEnd = HEADER_BYTES + frame.readUInt32BE(CHECKED_FROM);
  return crc32(
    frame.subarray(HEADER_BYTES, payloadEnd),
    crc32(frame.subarray(CHECKED_FROM, CHECKSUM_AT), salt),
  );
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
}

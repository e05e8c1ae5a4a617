/**
 * Makes frames, one behind the other in large blocks, so that all that is said at once is one piece, or a few. Blocks are
 * written once and given away with what is in them.
 */
import { PREFIX_BYTES } from "../message-reader.ts";
import { FRAME_HEADER_BYTES, FrameType } from "./frame.ts";
import { BLOCK_BYTES } from "./limits.ts";

export class FrameWriter {
  #block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #start = 0;
  #at = 0;
  #pieces: Buffer[] = [];
  #pieceBytes = 0;

  /** What was written since `take`. */
  get bytes(): number {
    return this.#pieceBytes + this.#at - this.#start;
  }

  take(): readonly Buffer[] {
    this.#cut();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#pieceBytes = 0;
    return pieces;
  }

  /** A frame whose payload is `payload` as it is. */
  frame(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    this.#reserve(FRAME_HEADER_BYTES + payload.length);
    this.#header(payload.length, type, flags, streamId);
    this.#copy(payload, 0, payload.length);
  }

  /** What is no frame. */
  text(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#copy(bytes, 0, bytes.length);
  }

  /** A part of a message with its prefix: `length` bytes from `offset`, which counts the prefix. */
  messagePart(streamId: number, message: Uint8Array, offset: number, length: number): void {
    this.#reserve(FRAME_HEADER_BYTES + length);
    this.#header(length, FrameType.DATA, 0, streamId);
    let from = offset;
    const to = offset + length;
    if (from === 0 && to >= PREFIX_BYTES) {
      this.#block[this.#at++] = 0;
      this.#uint32(message.length);
      from = PREFIX_BYTES;
    }
    // A window of a few bytes may cut the prefix.
    for (; from < to && from < PREFIX_BYTES; from++)
      this.#block[this.#at++] = prefixByte(message.length, from);
    this.#copy(message, from - PREFIX_BYTES, to - PREFIX_BYTES);
  }

  #header(length: number, type: number, flags: number, streamId: number): void {
    const block = this.#block;
    const at = this.#at;
    block[at] = length >> 16;
    block[at + 1] = length >> 8;
    block[at + 2] = length;
    block[at + 3] = type;
    block[at + 4] = flags;
    this.#at = at + 5;
    this.#uint32(streamId);
  }

  #uint32(value: number): void {
    const block = this.#block;
    const at = this.#at;
    block[at] = value >>> 24;
    block[at + 1] = value >>> 16;
    block[at + 2] = value >>> 8;
    block[at + 3] = value;
    this.#at = at + 4;
  }

  #copy(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length <= LOOP_BYTES) {
      for (let from = start; from < end; from++) this.#block[this.#at++] = bytes[from]!;
      return;
    }
    this.#block.set(length === bytes.length ? bytes : bytes.subarray(start, end), this.#at);
    this.#at += length;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#block.length) return;
    this.#cut();
    this.#block = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, bytes));
    this.#start = 0;
    this.#at = 0;
  }

  #cut(): void {
    if (this.#at === this.#start) return;
    this.#pieces.push(this.#block.subarray(this.#start, this.#at));
    this.#pieceBytes += this.#at - this.#start;
    this.#start = this.#at;
  }
}

/** Up to here, a call into native code takes longer than the bytes. */
const LOOP_BYTES = 48;

function prefixByte(length: number, index: number): number {
  return index === 0 ? 0 : (length >>> (8 * (4 - index))) & 0xff;
}

/**
 * Frames on a byte stream: a length as u32, big-endian, then that many bytes, 1 to `FRAME_BYTES_MAX` (weaver.md §6).
 *
 * Invariants of the decoder:
 * 1. It gives the same frames however the stream is cut into chunks.
 * 2. It holds what has arrived and no more: a length is believed only once its bytes are there.
 * 3. After a violation it gives nothing more and holds nothing.
 */
import { FRAME_BYTES_MAX, LatticeError } from "@lattice/model";

const PREFIX_BYTES = 4;

export type FrameViolation = "zero-length" | "too-large";

/** Throws what `Channel.send` rejects with: `invalid-argument` for an empty frame, `too-large` for one over the limit. */
export function checkFrameLength(frame: Uint8Array): void {
  if (frame.length === 0) throw new LatticeError("invalid-argument", "a frame has at least one byte");
  if (frame.length > FRAME_BYTES_MAX) {
    throw new LatticeError(
      "too-large",
      `a frame of ${frame.length} bytes is over the limit of ${FRAME_BYTES_MAX}`,
    );
  }
}

/** A copy with its prefix, so that the caller may use its buffer again. */
export function encodeFrame(frame: Uint8Array): Uint8Array {
  checkFrameLength(frame);
  const out = Buffer.allocUnsafe(PREFIX_BYTES + frame.length);
  out.writeUInt32BE(frame.length, 0);
  out.set(frame, PREFIX_BYTES);
  return out;
}

export class FrameDecoder {
  /** Chunks from `#first` on are unread; `#offset` bytes of the first one are read. */
  #chunks: Uint8Array[] = [];
  #first = 0;
  #offset = 0;
  #bytes = 0;
  #violation: FrameViolation | undefined;

  /** What the sender did wrong, if anything. */
  get violation(): FrameViolation | undefined {
    return this.#violation;
  }

  /** Takes over the chunk; the caller must not change it. */
  push(chunk: Uint8Array): void {
    if (this.#violation !== undefined || chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** The next whole frame; undefined until more has arrived, and for ever after a violation. */
  next(): Uint8Array | undefined {
    if (this.#bytes < PREFIX_BYTES) return undefined;
    const length = this.#peekLength();
    if (length === 0) return this.#refuse("zero-length");
    if (length > FRAME_BYTES_MAX) return this.#refuse("too-large");
    if (this.#bytes < PREFIX_BYTES + length) return undefined;
    this.#skip(PREFIX_BYTES);
    return this.#take(length);
  }

  #refuse(violation: FrameViolation): undefined {
    this.#violation = violation;
    this.#chunks = [];
    this.#first = 0;
    this.#offset = 0;
    this.#bytes = 0;
    return undefined;
  }

  #peekLength(): number {
    let length = 0;
    let index = this.#first;
    let at = this.#offset;
    for (let read = 0; read < PREFIX_BYTES; read++) {
      while (at === this.#chunks[index]!.length) {
        index++;
        at = 0;
      }
      length = length * 256 + this.#chunks[index]![at++]!;
    }
    return length;
  }

  #skip(count: number): void {
    this.#bytes -= count;
    this.#offset += count;
    while (this.#first < this.#chunks.length && this.#offset >= this.#chunks[this.#first]!.length) {
      this.#offset -= this.#chunks[this.#first]!.length;
      this.#first++;
    }
    this.#compact();
  }

  #take(length: number): Uint8Array {
    const chunk = this.#chunks[this.#first]!;
    if (chunk.length - this.#offset >= length) {
      const view = chunk.subarray(this.#offset, this.#offset + length);
      this.#skip(length);
      // A small frame must not keep a large chunk alive for as long as somebody holds the frame.
      return length * 2 < chunk.length ? new Uint8Array(view) : view;
    }
    const out = new Uint8Array(length);
    let at = 0;
    while (at < length) {
      const from = this.#chunks[this.#first]!;
      const part = from.subarray(this.#offset, this.#offset + length - at);
      out.set(part, at);
      at += part.length;
      this.#skip(part.length);
    }
    return out;
  }

  /** Dropping one chunk at a time from the front would cost the square of their number. */
  #compact(): void {
    if (this.#first === this.#chunks.length) {
      this.#chunks = [];
      this.#first = 0;
    } else if (this.#first >= 64 && this.#first * 2 >= this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#first);
      this.#first = 0;
    }
  }
}

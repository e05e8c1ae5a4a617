/**
 * A frame: one message with its length and checksum.
 *
 *   payload bytes u32 | CRC-32 of the payload u32 | payload
 *
 * Numbers are big-endian. A frame that is too long or does not match its checksum ends the connection: where the next one
 * would begin is not known then.
 */
import { crc32 } from "node:zlib";
import { LatticeError } from "@lattice/model";

export const HEADER_BYTES = 8;

/** Writes the header of a frame in front of a payload that ends with the bytes. */
export function sealFrame(bytes: Buffer, start: number): void {
  const payload = bytes.subarray(start + HEADER_BYTES);
  bytes.writeUInt32BE(payload.length, start);
  bytes.writeUInt32BE(crc32(payload), start + 4);
}

/** Frames out of the pieces in which they come. A payload is a view of the piece that it came in, or of memory of its own. */
export class FrameReader {
  readonly #bytesMax: () => number;
  /** A frame of which some is missing. */
  #pieces: Buffer[] = [];
  #length = 0;
  /** Of the whole frame; 0 until its header is there. */
  #wanted = 0;

  /** `bytesMax`: of a payload, as of now. */
  constructor(bytesMax: () => number) {
    this.#bytesMax = bytesMax;
  }

  /** Throws `corrupt` or `too-large`; nothing more is to be read then. */
  *read(piece: Buffer): Iterable<Buffer> {
    let rest = piece;
    while (this.#length > 0 && rest.length > 0) {
      const taken = rest.subarray(0, (this.#wanted || HEADER_BYTES) - this.#length);
      rest = rest.subarray(taken.length);
      this.#pieces.push(taken);
      this.#length += taken.length;
      const whole = this.#whole();
      if (whole !== undefined) yield this.#payload(whole);
    }
    while (rest.length >= HEADER_BYTES) {
      const end = this.#frameBytes(rest);
      if (rest.length < end) break;
      yield this.#payload(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
    if (rest.length > 0) this.#keep(rest);
  }

  #keep(rest: Buffer): void {
    this.#pieces = [rest];
    this.#length = rest.length;
    this.#wanted = rest.length < HEADER_BYTES ? 0 : this.#frameBytes(rest);
  }

  /** The frame that waited, if that was its end. */
  #whole(): Buffer | undefined {
    if (this.#wanted === 0) {
      if (this.#length < HEADER_BYTES) return undefined;
      const header = Buffer.concat(this.#pieces);
      this.#pieces = [header];
      this.#wanted = this.#frameBytes(header);
    }
    if (this.#length < this.#wanted) return undefined;
    const whole = Buffer.concat(this.#pieces, this.#length);
    this.#pieces = [];
    this.#length = 0;
    this.#wanted = 0;
    return whole;
  }

  #frameBytes(header: Buffer): number {
    const payloadBytes = header.readUInt32BE(0);
    if (payloadBytes > this.#bytesMax()) {
      throw new LatticeError(
        "too-large",
        `a frame of ${payloadBytes} bytes, of ${this.#bytesMax()} at the most`,
      );
    }
    return HEADER_BYTES + payloadBytes;
  }

  #payload(frame: Buffer): Buffer {
    const payload = frame.subarray(HEADER_BYTES);
    if (crc32(payload) !== frame.readUInt32BE(4)) {
      throw new LatticeError("corrupt", "a frame that does not match its checksum");
    }
    return payload;
  }
}

/**
 * Cuts what comes from a client into its preface and frames (RFC 9113 §3.4, §4).
 *
 * A frame that lies in one piece is handed on where it is. One that came in several is put together in a buffer of its
 * own size, which the header has told and the limit bounds.
 */
import { ConnectionError, ErrorCode } from "./error-code.ts";
import { FRAME_HEADER_BYTES, readUint24, readUint31 } from "./frame.ts";
import { FRAME_BYTES_MAX } from "./limits.ts";

export interface Frame {
  type: number;
  flags: number;
  streamId: number;
  /** The payload is `bytes` from `start` to `end`. It may be kept. */
  bytes: Buffer;
  start: number;
  end: number;
}

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

export class FrameReader {
  readonly #take: (frame: Frame) => void;
  /** One for all, since they are looked at one after the other. */
  readonly #frame: Frame = { type: 0, flags: 0, streamId: 0, bytes: NOTHING, start: 0, end: 0 };
  readonly #header = new Uint8Array(FRAME_HEADER_BYTES);
  #headerBytes = 0;
  #payload: Buffer | undefined;
  #payloadBytes = 0;
  #prefaceBytes = 0;

  constructor(take: (frame: Frame) => void) {
    this.#take = take;
  }

  /** Throws `PrefaceError` or `ConnectionError`, also what `take` throws; nothing can be read after that. */
  read(chunk: Buffer): void {
    let at = this.#prefaceBytes < PREFACE.length ? this.#readPreface(chunk) : 0;
    if (this.#headerBytes > 0) at = this.#readRest(chunk, at);
    while (chunk.length - at >= FRAME_HEADER_BYTES) {
      const end = at + FRAME_HEADER_BYTES + lengthOf(chunk, at);
      if (end > chunk.length) break;
      this.#give(chunk, at, chunk, at + FRAME_HEADER_BYTES, end);
      at = end;
    }
    if (at < chunk.length) this.#readRest(chunk, at);
  }

  #readPreface(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length && this.#prefaceBytes < PREFACE.length) {
      if (chunk[at++] !== PREFACE[this.#prefaceBytes++]) {
        throw new PrefaceError(isHttp1(chunk));
      }
    }
    return at;
  }

  /** Of a frame that is not there as a whole. */
  #readRest(chunk: Buffer, start: number): number {
    let at = start;
    while (this.#headerBytes < FRAME_HEADER_BYTES && at < chunk.length) {
      this.#header[this.#headerBytes++] = chunk[at++]!;
    }
    if (this.#headerBytes < FRAME_HEADER_BYTES) return at;
    this.#payload ??= Buffer.allocUnsafeSlow(lengthOf(this.#header, 0));
    const payload = this.#payload;
    const part = chunk.subarray(at, at + payload.length - this.#payloadBytes);
    payload.set(part, this.#payloadBytes);
    this.#payloadBytes += part.length;
    if (this.#payloadBytes === payload.length) {
      this.#headerBytes = 0;
      this.#payload = undefined;
      this.#payloadBytes = 0;
      this.#give(this.#header, 0, payload, 0, payload.length);
    }
    return at + part.length;
  }

  #give(header: Uint8Array, at: number, bytes: Buffer, start: number, end: number): void {
    const frame = this.#frame;
    frame.type = header[at + 3]!;
    frame.flags = header[at + 4]!;
    frame.streamId = readUint31(header, at + 5);
    frame.bytes = bytes;
    frame.start = start;
    frame.end = end;
    this.#take(frame);
  }
}

/** Who is at the other end does not speak HTTP/2, and would not understand being told so in it (§3.4). */
export class PrefaceError extends Error {
  override readonly name = "PrefaceError";
  readonly isHttp1: boolean;

  constructor(isOfHttp1: boolean) {
    super("this is no preface of HTTP/2");
    this.isHttp1 = isOfHttp1;
  }
}

/** The beginning of a request, as far as it can be told from one piece. */
function isHttp1(chunk: Buffer): boolean {
  return /^[A-Z]{3,10} \S+ HTTP\/1\.[01]\r?\n/u.test(chunk.toString("latin1", 0, 4_096));
}

const NOTHING = Buffer.alloc(0);

/** §4.2: as soon as the header tells. */
function lengthOf(header: Uint8Array, at: number): number {
  const length = readUint24(header, at);
  if (length > FRAME_BYTES_MAX) {
    throw new ConnectionError(
      ErrorCode.FRAME_SIZE_ERROR,
      `a frame of ${length} bytes: ${FRAME_BYTES_MAX} are allowed`,
    );
  }
  return length;
}

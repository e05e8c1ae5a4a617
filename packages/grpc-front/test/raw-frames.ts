/** Frames by hand, right ones and others. */
import { NaiveDecoder, NaiveEncoder, type Pair } from "./naive-hpack.ts";

export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

export const Type = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

export const ACK = 1;
const END_STREAM = 1;
export const END_HEADERS = 4;
export const PADDED = 8;
export const WITH_PRIORITY = 0x20;

export const Code = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  ENHANCE_YOUR_CALM: 11,
} as const;

export type Bytes = Uint8Array | readonly number[];

export function frame(type: number, flags: number, streamId: number, payload: Bytes = []): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, Uint8Array.from(payload)]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function setting(id: number, value: number): Buffer {
  return Buffer.concat([Uint8Array.of(id >> 8, id), uint32(value)]);
}

export function windowUpdate(streamId: number, increment: number): Buffer {
  return frame(Type.WINDOW_UPDATE, 0, streamId, uint32(increment));
}

export function ping(text = "12345678"): Buffer {
  return frame(Type.PING, 0, 0, Buffer.from(text));
}

export function reset(streamId: number, code: number = Code.CANCEL): Buffer {
  return frame(Type.RST_STREAM, 0, streamId, uint32(code));
}

/** A message of gRPC. */
export function message(payload: Bytes = [], flag = 0): Buffer {
  return Buffer.concat([Uint8Array.of(flag), uint32(payload.length), Uint8Array.from(payload)]);
}

export function data(streamId: number, payload: Bytes, { isLast = false } = {}): Buffer {
  return frame(Type.DATA, isLast ? END_STREAM : 0, streamId, payload);
}

/** Headers of a call. Those that have no name of their own in it come behind, or take the place of the usual ones. */
export function callHeaders(path: string, more: Readonly<Record<string, string | undefined>> = {}): Pair[] {
  const usual = {
    ":method": "POST",
    ":scheme": "http",
    ":path": path,
    ":authority": "test",
    "content-type": "application/grpc",
    te: "trailers",
  };
  return Object.entries({ ...usual, ...more }).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  );
}

export interface HeadersOptions {
  readonly isLast?: boolean;
  /** More flags, and what they put around the block. */
  readonly flags?: number;
  readonly before?: Bytes;
  readonly after?: Bytes;
}

/** One side's frames with headers. Stateless, so that a test may leave some out. */
export function headers(streamId: number, pairs: readonly Pair[], options: HeadersOptions = {}): Buffer {
  const { isLast = false, flags = END_HEADERS, before = [], after = [] } = options;
  const payload = Buffer.concat([Uint8Array.from(before), block(pairs), Uint8Array.from(after)]);
  return frame(Type.HEADERS, flags | (isLast ? END_STREAM : 0), streamId, payload);
}

export function block(pairs: readonly Pair[]): Buffer {
  return new NaiveEncoder().encode(pairs.map((pair) => ({ pair, way: "plain", huffman: false })));
}

export interface RawFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
  /** Of HEADERS. */
  readonly pairs: readonly Pair[];
}

/** Frames that a server sent. Throws for what is none: the server's are always right. */
export class RawFrames {
  readonly #decoder = new NaiveDecoder();
  #bytes = Buffer.alloc(0);

  read(chunk: Uint8Array): RawFrame[] {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    const frames: RawFrame[] = [];
    for (;;) {
      if (this.#bytes.length < 9) return frames;
      const end = 9 + this.#bytes.readUIntBE(0, 3);
      if (this.#bytes.length < end) return frames;
      const type = this.#bytes[3]!;
      const payload = this.#bytes.subarray(9, end);
      frames.push({
        type,
        flags: this.#bytes[4]!,
        streamId: this.#bytes.readUInt32BE(5),
        payload,
        pairs: type === Type.HEADERS ? this.#decoder.decode(payload) : [],
      });
      this.#bytes = this.#bytes.subarray(end);
    }
  }
}

export interface RawAnswer {
  readonly head: ReadonlyMap<string, string>;
  /** Of the last HEADERS; the same where there is but one. */
  readonly trailers: ReadonlyMap<string, string>;
  readonly messages: readonly Buffer[];
  /** How the server reset the stream, if it did before or after the end. */
  readonly reset: number | undefined;
  readonly hasEnded: boolean;
}

/** What the frames say about a stream so far. */
export function answerOf(frames: readonly RawFrame[], streamId: number): RawAnswer {
  const own = frames.filter((each) => each.streamId === streamId);
  const blocks = own.filter(({ type }) => type === Type.HEADERS);
  const bytes = Buffer.concat(own.filter(({ type }) => type === Type.DATA).map(({ payload }) => payload));
  const wasReset = own.find(({ type }) => type === Type.RST_STREAM);
  return {
    head: new Map(blocks[0]?.pairs),
    trailers: new Map(blocks.at(-1)?.pairs),
    messages: messagesOf(bytes),
    reset: wasReset?.payload.readUInt32BE(),
    hasEnded: own.some(
      ({ type, flags }) => (type === Type.HEADERS || type === Type.DATA) && (flags & END_STREAM) !== 0,
    ),
  };
}

/** The whole ones. */
function messagesOf(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at + 5 <= bytes.length;) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    if (end > bytes.length) break;
    messages.push(bytes.subarray(at + 5, end));
    at = end;
  }
  return messages;
}

export function continuation(streamId: number, pairs: readonly Pair[], { isLast = false } = {}): Buffer {
  return frame(Type.CONTINUATION, isLast ? END_HEADERS : 0, streamId, block(pairs));
}

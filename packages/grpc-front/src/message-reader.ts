/**
 * Finds the messages in what a client sends: each has a byte that says whether it is compressed, four of its length, and
 * its own bytes, cut into pieces anywhere (gRPC over HTTP/2, "Length-Prefixed-Message").
 *
 * A message that lies in one piece is handed on as a part of it. For others there is a buffer that grows with what has
 * come: a length that is promised and not kept costs nothing.
 */
import { GrpcCode, GrpcError } from "./grpc-error.ts";
import { ASSEMBLY_BYTES_START } from "./limits.ts";

export const PREFIX_BYTES = 5;

export class MessageReader {
  readonly #bytesMax: number;
  readonly #take: (message: Uint8Array) => void;
  readonly #prefix = new Uint8Array(PREFIX_BYTES);
  #prefixBytes = 0;
  /** Of the message whose prefix is complete. */
  #length = 0;
  #body: Uint8Array = EMPTY;
  #bodyBytes = 0;

  /** `take` gets each message, in order. It may keep it. */
  constructor(bytesMax: number, take: (message: Uint8Array) => void) {
    this.#bytesMax = bytesMax;
    this.#take = take;
  }

  /** Whether the client has begun a message and not ended it. */
  get isWithin(): boolean {
    return this.#prefixBytes > 0;
  }

  /** Of that message, what is kept here. */
  get heldBytes(): number {
    return this.#body.length;
  }

  /** Throws `GrpcError` for a message that is not taken; nothing can be read after it. */
  read(chunk: Uint8Array, start: number, end: number): void {
    let at = start;
    while (at < end) {
      if (this.#prefixBytes < PREFIX_BYTES) at = this.#readPrefix(chunk, at, end);
      if (this.#prefixBytes === PREFIX_BYTES) at = this.#readBody(chunk, at, end);
    }
  }

  #readPrefix(chunk: Uint8Array, start: number, end: number): number {
    let at = start;
    while (this.#prefixBytes < PREFIX_BYTES && at < end) {
      this.#prefix[this.#prefixBytes++] = chunk[at++]!;
    }
    if (this.#prefixBytes === PREFIX_BYTES) this.#length = messageLength(this.#prefix, 0, this.#bytesMax);
    return at;
  }

  #readBody(chunk: Uint8Array, start: number, end: number): number {
    const partEnd = Math.min(end, start + this.#length - this.#bodyBytes);
    if (this.#length === 0) this.#finish(EMPTY);
    else if (partEnd - start === this.#length) this.#finish(chunk.subarray(start, partEnd));
    else this.#keep(chunk.subarray(start, partEnd));
    return partEnd;
  }

  #keep(part: Uint8Array): void {
    const bytes = this.#bodyBytes + part.length;
    if (bytes > this.#body.length) {
      const grown = Math.max(ASSEMBLY_BYTES_START, bytes, 2 * this.#body.length);
      const body = new Uint8Array(Math.min(this.#length, grown));
      body.set(this.#body.subarray(0, this.#bodyBytes));
      this.#body = body;
    }
    this.#body.set(part, this.#bodyBytes);
    this.#bodyBytes = bytes;
    if (bytes === this.#length) this.#finish(this.#body);
  }

  #finish(message: Uint8Array): void {
    this.#prefixBytes = 0;
    this.#body = EMPTY;
    this.#bodyBytes = 0;
    this.#take(message);
  }
}

const EMPTY = new Uint8Array(0);

/** Reads the prefix at `at`. Throws `GrpcError` with grpc-go's code and text for what is not taken. */
export function messageLength(bytes: Uint8Array, at: number, bytesMax: number): number {
  const flag = bytes[at]!;
  // Known encodings were refused with the headers, so this one was not named.
  if (flag === 1) {
    throw new GrpcError(GrpcCode.INTERNAL, "grpc: compressed flag set with identity or empty encoding");
  }
  if (flag !== 0) {
    throw new GrpcError(GrpcCode.INTERNAL, `grpc: received unexpected payload format ${flag}`);
  }
  const length =
    bytes[at + 1]! * 0x1000000 + ((bytes[at + 2]! << 16) | (bytes[at + 3]! << 8) | bytes[at + 4]!);
  if (length > bytesMax) {
    throw new GrpcError(
      GrpcCode.RESOURCE_EXHAUSTED,
      `grpc: received message larger than max (${length} vs. ${bytesMax})`,
    );
  }
  return length;
}

/** A message with its prefix, in one piece. */
export function framed(message: Uint8Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  bytes[0] = 0;
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, PREFIX_BYTES);
  return bytes;
}

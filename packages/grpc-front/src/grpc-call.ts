/**
 * One call, whatever carries it: from the bytes of its request to its status. The fronts derive from it, so that a call
 * is one object.
 *
 * Invariants
 *  1. A call ends once: `finish` is called once at the most, and never after `abandon`.
 *  2. A unary handler runs once, when the client has said all it has to say.
 *  3. What came and was neither read nor dropped is at most what the client was given room for: `taken` gives it more only
 *     for what is below `UNREAD_BYTES_MAX`.
 */
import { assert } from "@lattice/model";
import type { Metadata, Method, StreamCall, StreamHandler, UnaryHandler } from "./call.ts";
import { GrpcCode, GrpcError } from "./grpc-error.ts";
import { TIMER_MS_MAX, UNREAD_BYTES_MAX } from "./limits.ts";
import { messageLength, MessageReader, PREFIX_BYTES } from "./message-reader.ts";
import { RequestQueue } from "./request-queue.ts";
import { OK, statusOf, type Status } from "./status.ts";

export interface GrpcCallOptions {
  readonly method: Method;
  readonly path: string;
  readonly metadata: Metadata;
  /** From now on; undefined: for ever. */
  readonly timeoutMs: number | undefined;
  readonly requestBytesMax: number;
}

export abstract class GrpcCall implements StreamCall {
  readonly path: string;
  readonly metadata: Metadata;
  readonly deadlineMs: number | undefined;
  abstract readonly remote: string;
  abstract readonly commonName: string | undefined;
  readonly #method: Method;
  readonly #requestBytesMax: number;
  #reader: MessageReader | undefined;
  /** Of a unary call. */
  #request: Uint8Array | undefined;
  /** Of a stream. */
  #queue: RequestQueue | undefined;
  /** What came and the client has not been given new room for. */
  #owedBytes = 0;
  #hasClientEnded = false;
  #isOver = false;
  /** The handler may be at it when the call is long over. */
  #isHandling = false;
  /** Why the call ended without its handler. */
  #whyCut: Status | undefined;
  #abort: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor({ method, path, metadata, timeoutMs, requestBytesMax }: GrpcCallOptions) {
    this.path = path;
    this.metadata = metadata;
    this.deadlineMs = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
    this.#method = method;
    this.#requestBytesMax = requestBytesMax;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#whyCut) this.#abort.abort(errorOf(this.#whyCut));
    }
    return this.#abort.signal;
  }

  get requests(): AsyncIterable<Uint8Array> {
    assert(this.#queue, "a unary call's request is given to its handler");
    return this.#queue;
  }

  abstract send(message: Uint8Array): boolean;
  abstract drained(): Promise<void>;

  get isOver(): boolean {
    return this.#isOver;
  }

  get isHandling(): boolean {
    return this.#isHandling;
  }

  get hasClientEnded(): boolean {
    return this.#hasClientEnded;
  }

  /** What came and is kept here until somebody wants it. */
  get heldBytes(): number {
    return (this.#request?.length ?? 0) + (this.#queue?.unreadBytes ?? 0) + (this.#reader?.heldBytes ?? 0);
  }

  // What the front tells the call:

  /** A stream's handler begins before anything has come. */
  start(): void {
    if (this.#method.kind === "stream") this.#handleStream(this.#method.handle);
  }

  /** Not part of `start`, since most calls are over before anybody would look at a clock. */
  watchDeadline(): void {
    if (this.#isOver || this.deadlineMs === undefined) return;
    const waitMs = Math.max(0, this.deadlineMs - performance.now());
    if (waitMs <= TIMER_MS_MAX) this.#timer = setTimeout(() => this.cut(PAST_DEADLINE), waitMs);
  }

  /** Some of what the client sends: pieces of messages, from `start` to `end`. They may be kept. */
  receive(bytes: Uint8Array, start: number, end: number): void {
    this.#owedBytes += end - start;
    if (!this.#isOver) {
      try {
        this.#read(bytes, start, end);
      } catch (error) {
        this.cut(statusOf(error));
      }
    }
    this.#repay();
  }

  /** The client will send no more. */
  receiveEnd(): void {
    this.#hasClientEnded = true;
    if (this.#isOver) return;
    if (this.#reader?.isWithin === true) this.cut(CUT_OFF);
    else if (this.#method.kind === "stream") this.#queue?.end();
    else if (this.#request === undefined) this.cut(NO_REQUEST);
    else this.#handleUnary(this.#method.handle, this.#request);
  }

  /** Ends the call without its handler, which finds out by its signal. */
  cut(why: Status): void {
    if (this.#isOver) return;
    this.#leave(why);
    this.cutOff(why);
  }

  /** The client is gone: there is nobody to tell. */
  abandon(why: Status): void {
    if (!this.#isOver) this.#leave(why);
  }

  // What the call asks of the front:

  /** Sends what ends the call, behind all that was sent before; of a unary call that ended well, with its response. */
  protected abstract finish(status: Status, response?: Uint8Array): void;
  /** The same in place of what was sent and has not left yet. */
  protected abstract cutOff(status: Status): void;
  /** The client may send as many bytes more. */
  protected abstract giveRoom(bytes: number): void;
  /** The handler is done, in time or not. */
  protected abstract handled(): void;

  #read(bytes: Uint8Array, start: number, end: number): void {
    // As nearly all requests come: one message, whole.
    if (this.#reader === undefined && end - start >= PREFIX_BYTES) {
      const length = messageLength(bytes, start, this.#requestBytesMax);
      if (length === end - start - PREFIX_BYTES) {
        this.#takeMessage(length === 0 ? EMPTY : bytes.subarray(start + PREFIX_BYTES, end));
        return;
      }
    }
    this.#reader ??= new MessageReader(this.#requestBytesMax, (message) => this.#takeMessage(message));
    this.#reader.read(bytes, start, end);
  }

  #takeMessage(message: Uint8Array): void {
    if (this.#queue) this.#queue.push(message);
    else if (this.#request === undefined) this.#request = message;
    else throw new GrpcError(GrpcCode.INTERNAL, SECOND_REQUEST);
  }

  #repay(): void {
    const bytes = this.#owedBytes;
    const isHeldBack = this.#queue !== undefined && this.#queue.unreadBytes > UNREAD_BYTES_MAX;
    if (bytes === 0 || isHeldBack) return;
    this.#owedBytes = 0;
    this.giveRoom(bytes);
  }

  #handleUnary(handle: UnaryHandler, request: Uint8Array): void {
    this.#isHandling = true;
    this.#request = undefined;
    let answer: Uint8Array | Promise<Uint8Array>;
    try {
      answer = handle(request, this);
    } catch (error) {
      this.#end(statusOf(error));
      return;
    }
    if (answer instanceof Uint8Array) this.#end(OK, answer);
    else void this.#endLater(answer);
  }

  #handleStream(handle: StreamHandler): void {
    this.#isHandling = true;
    this.#queue = new RequestQueue(() => this.#repay());
    let answer: Promise<void>;
    try {
      answer = handle(this);
    } catch (error) {
      this.#end(statusOf(error));
      return;
    }
    void this.#endLater(answer);
  }

  async #endLater(answer: Promise<Uint8Array | void>): Promise<void> {
    let response: Uint8Array | void;
    try {
      response = await answer;
      if (this.#queue === undefined && !(response instanceof Uint8Array)) throw new TypeError(NO_BYTES);
    } catch (error) {
      this.#end(statusOf(error));
      return;
    }
    this.#end(OK, response ?? undefined);
  }

  /** The handler is done. */
  #end(status: Status, response?: Uint8Array): void {
    this.#isHandling = false;
    if (!this.#isOver) {
      this.#isOver = true;
      this.#reader = undefined;
      if (this.#timer !== undefined) clearTimeout(this.#timer);
      this.#dropUnread(status);
      this.finish(status, response);
    }
    this.handled();
  }

  #leave(why: Status): void {
    this.#isOver = true;
    this.#whyCut = why;
    this.#request = undefined;
    this.#reader = undefined;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#abort?.abort(errorOf(why));
    this.#dropUnread(why);
  }

  #dropUnread(why: Status): void {
    if (this.#queue === undefined) return;
    this.#queue.fail(errorOf(why));
    this.#repay();
  }
}

const EMPTY = new Uint8Array(0);

const PAST_DEADLINE: Status = { code: GrpcCode.DEADLINE_EXCEEDED, message: "context deadline exceeded" };
export const CANCELLED: Status = { code: GrpcCode.CANCELLED, message: "context canceled" };
export const CLOSING: Status = { code: GrpcCode.UNAVAILABLE, message: "the server is closing" };
const NO_REQUEST: Status = {
  code: GrpcCode.INTERNAL,
  message: "cardinality violation: received no request message from non-client-streaming RPC",
};
const CUT_OFF: Status = { code: GrpcCode.INTERNAL, message: "unexpected EOF" };
const NO_BYTES = "the handler answered with something other than bytes";
const SECOND_REQUEST =
  "cardinality violation: received multiple request messages for non-client-streaming RPC";

function errorOf(status: Status): GrpcError {
  return new GrpcError(status.code, status.message);
}

/**
 * One client's connection: bytes in, calls, bytes out (RFC 9113). Does no I/O, and looks at no clock but the one it is given;
 * `SocketConnection` drives it.
 *
 * Invariants
 *  1. Whatever comes, `receive` does not throw: what breaks the protocol ends a stream (RST_STREAM) or the connection
 *     (GOAWAY), with the code that the RFC has for it.
 *  2. Streams that are open and handlers whose stream is closed are at most `STREAM_COUNT_MAX` together: to cancel calls as
 *     fast as they begin makes no more work than to let them run (CVE-2023-44487).
 *  3. What is kept for the client is counted in its budget.
 *  4. Each header block is decoded, also one that nobody wants, since the next ones build on it (§4.3).
 */
import type { Method } from "../call.ts";
import { CANCELLED, CLOSING } from "../grpc-call.ts";
import { GrpcCode } from "../grpc-error.ts";
import { HpackDecoder } from "../hpack/hpack-decoder.ts";
import type { HeaderField } from "../hpack/header-field.ts";
import { HpackError } from "../hpack/hpack-error.ts";
import type { Peer } from "../peer.ts";
import { judgeHead, type RefusedHead } from "../request-head.ts";
import type { Status } from "../status.ts";
import { Allowance } from "./allowance.ts";
import { ByteBudget } from "./byte-budget.ts";
import { encodeSettings, INITIAL_WINDOW_BYTES, SettingId } from "./client-settings.ts";
import { ConnectionError, ErrorCode } from "./error-code.ts";
import { Flag, FrameType, readUint31, UINT31_MAX } from "./frame.ts";
import { FrameReader, PrefaceError, type Frame } from "./frame-reader.ts";
import type { FrameWriter } from "./frame-writer.ts";
import { HeaderBlock } from "./header-block.ts";
import { Http2Call, type CallHost } from "./http2-call.ts";
import {
  CONNECTION_BYTES_LIMIT,
  CONNECTION_BYTES_MAX,
  CONNECTION_WINDOW_BYTES,
  FAVOUR_COUNT_MAX,
  FAVOURS_PER_SECOND,
  FRAME_BYTES_MAX,
  GOAWAY_WAIT_MS,
  HEADER_COUNT_MAX,
  HEADER_LIST_BYTES_MAX,
  HEADER_TABLE_BYTES,
  HEADER_TIMEOUT_MS,
  STREAM_COUNT_MAX,
  STREAM_WINDOW_BYTES,
} from "./limits.ts";
import { Liveness } from "./liveness.ts";
import { Outbox } from "./outbox.ts";
import { ReceiveWindow } from "./receive-window.ts";
import { areTrailers, RequestFields } from "./request-fields.ts";
import { Streams } from "./streams.ts";

export interface Http2ConnectionOptions {
  readonly methods: ReadonlyMap<string, Method>;
  readonly requestBytesMax: number;
  readonly peer: Peer;
  /** Of all connections. */
  readonly budget: ByteBudget;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  /** There is something to write, or the connection is finished. */
  readonly onOutput: () => void;
}

export class Http2Connection implements CallHost {
  readonly peer: Peer;
  readonly #options: Http2ConnectionOptions;
  readonly #reader = new FrameReader((frame) => this.#take(frame));
  readonly #decoder = new HpackDecoder({
    tableBytesMax: HEADER_TABLE_BYTES,
    listBytesMax: HEADER_LIST_BYTES_MAX,
    fieldCountMax: HEADER_COUNT_MAX,
  });
  readonly #outbox: Outbox;
  readonly #streams = new Streams();
  readonly #window = new ReceiveWindow(CONNECTION_WINDOW_BYTES, INITIAL_WINDOW_BYTES);
  readonly #budget: ByteBudget;
  readonly #favours: Allowance;
  readonly #liveness: Liveness;
  /** Calls that began with what is being received now. */
  #fresh: Http2Call[] = [];
  /** Headers whose end has not come yet. */
  #block: HeaderBlock | undefined;
  #hasClientSettings = false;
  /** Streams above it get no answer (§6.8). */
  #streamIdMax = UINT31_MAX;
  #isClientLeaving = false;
  /** Since when the client is told that no more calls are taken. */
  #leavingMs: number | undefined;
  /** Nothing is read any more. */
  #isOver = false;

  constructor(options: Http2ConnectionOptions) {
    this.#options = options;
    this.peer = options.peer;
    this.#budget = new ByteBudget(CONNECTION_BYTES_MAX, options.budget);
    const nowMs = options.now();
    this.#favours = new Allowance({ countMax: FAVOUR_COUNT_MAX, perSecond: FAVOURS_PER_SECOND, nowMs });
    this.#liveness = new Liveness(nowMs);
    this.#outbox = new Outbox({
      onOutput: options.onOutput,
      onFinished: (call) => this.#finished(call),
      onTinyFrame: () => this.#trySpend("a window that is opened by a few bytes"),
      onUsefulFrame: () => this.#favours.earn(),
    });
  }

  get callCount(): number {
    return this.#streams.count;
  }

  get hasOutput(): boolean {
    return !this.#outbox.isEmpty;
  }

  /** All is said and done: when it is written, the connection can be closed. */
  get isFinished(): boolean {
    if (this.#isOver) return true;
    const isLeaving = this.#isClientLeaving || this.#streamIdMax < UINT31_MAX;
    return isLeaving && this.#streams.count === 0;
  }

  /** What the client sent. May be kept, in parts. */
  receive(chunk: Buffer): void {
    if (this.#isOver) return;
    try {
      this.#reader.read(chunk);
    } catch (error) {
      this.#fail(error);
    }
    // Most calls are answered by now.
    const fresh = this.#fresh;
    if (fresh.length === 0) return;
    this.#fresh = [];
    for (const call of fresh) call.watchDeadline();
  }

  write(writer: FrameWriter): void {
    this.#outbox.write(writer);
  }

  /** Tells the client to open no more calls (§6.8). Those that it has opened, also on their way, are answered. */
  leave(): void {
    if (this.#leavingMs !== undefined || this.#isOver) return;
    this.#leavingMs = this.#options.now();
    if (!this.#hasClientSettings) {
      this.#isOver = true;
      this.#options.onOutput();
      return;
    }
    this.#outbox.goAway(UINT31_MAX, ErrorCode.NO_ERROR, CLOSING.message);
    // Its answer tells that the client has heard it.
    this.#outbox.control(FrameType.PING, 0, 0, LEAVING_PING);
  }

  /** Ends what is under way. */
  cut(why: Status): void {
    this.#leaveAt(this.#streams.lastId);
    for (const call of [...this.#streams.all()]) call.cut(why);
  }

  /** The connection is gone, or is to go at once. */
  drop(): void {
    this.#isOver = true;
    this.#block = undefined;
    this.#abandonAll();
  }

  /** To be called from time to time. False where nobody is there any more. */
  look(): boolean {
    const nowMs = this.#options.now();
    if (this.#isOver) return true;
    if (this.#block !== undefined && nowMs - this.#block.startedMs > HEADER_TIMEOUT_MS) return false;
    if (this.#leavingMs !== undefined && nowMs - this.#leavingMs > GOAWAY_WAIT_MS) {
      this.#leaveAt(this.#streams.lastId);
    }
    const found = this.#liveness.look(nowMs);
    if (found === "to be asked") this.#outbox.control(FrameType.PING, 0, 0, SILENCE_PING);
    return found !== "gone";
  }

  // What calls ask for

  callWrites(call: Http2Call): void {
    this.#outbox.add(call);
  }

  callBreaks(call: Http2Call): void {
    this.#closeCall(call, ErrorCode.CANCEL);
  }

  callKeeps(bytes: number): void {
    this.#budget.change(bytes);
    if (bytes > 0 && this.#budget.bytes > CONNECTION_BYTES_LIMIT) {
      this.#over(ErrorCode.ENHANCE_YOUR_CALM, "answers that nobody takes");
    }
  }

  callHasRoom(call: Http2Call, increment: number): void {
    if (!call.isClosed) this.#outbox.openWindow(call.streamId, increment);
  }

  callHandled(call: Http2Call): void {
    this.#streams.handled(call);
  }

  // Frames

  #take(frame: Frame): void {
    // After an error, the rest of what came with it is not looked at.
    if (this.#isOver) return;
    this.#liveness.heard();
    const { type } = frame;
    if (!this.#hasClientSettings) this.#takeHello(frame);
    // §6.10
    if (this.#block !== undefined && type !== FrameType.CONTINUATION) throw wrong("headers without an end");
    switch (type) {
      case FrameType.DATA:
        return this.#takeData(frame);
      case FrameType.HEADERS:
        return this.#takeHeaders(frame);
      case FrameType.PRIORITY:
        return this.#takePriority(frame);
      case FrameType.RST_STREAM:
        return this.#takeReset(frame);
      case FrameType.SETTINGS:
        return this.#takeSettings(frame);
      case FrameType.PUSH_PROMISE:
        throw wrong("a client cannot push");
      case FrameType.PING:
        return this.#takePing(frame);
      case FrameType.GOAWAY:
        return this.#takeGoAway(frame);
      case FrameType.WINDOW_UPDATE:
        return this.#takeWindowUpdate(frame);
      case FrameType.CONTINUATION:
        return this.#takeContinuation(frame);
      default:
        // §5.5: ignored.
        this.#spend("frames of unknown types");
    }
  }

  /** §3.4. The server says hello when the client has: somebody else at the other end might take it for something else. */
  #takeHello({ type, flags }: Frame): void {
    this.#hasClientSettings = true;
    this.#outbox.control(FrameType.SETTINGS, 0, 0, SETTINGS);
    this.#outbox.openWindow(0, this.#window.tell());
    if (type !== FrameType.SETTINGS || flags & Flag.ACK) throw wrong("the first frame is to be SETTINGS");
  }

  /** §6.1 */
  #takeData(frame: Frame): void {
    const { streamId } = frame;
    if (this.#streams.isIdle(streamId)) throw wrong("DATA of no stream");
    const padded = frame.end - frame.start;
    // Of the connection, there is always room: what is kept is bounded by the streams' windows and the budget.
    if (this.#window.free(padded)) this.#outbox.openWindow(0, this.#window.tell());
    unpad(frame);
    const isLast = (frame.flags & Flag.END_STREAM) !== 0;
    if (frame.end === frame.start && !isLast) this.#spend("frames without data");
    const call = this.#streams.get(streamId);
    const keptBytes = this.#budget.bytes;
    if (call === undefined) this.#takeLate(streamId, isLast);
    else if (call.hasClientEnded) this.#breakCall(call, ErrorCode.STREAM_CLOSED);
    else if (!call.receiveData(frame, padded - (frame.end - frame.start))) {
      this.#breakCall(call, ErrorCode.FLOW_CONTROL_ERROR);
    } else if (isLast) this.#endRequest(call);
    else if (this.#budget.bytes > keptBytes && this.#budget.isExceeded) call.cut(TOO_MUCH_KEPT);
  }

  /** DATA or trailers of a stream that is closed (§5.1). */
  #takeLate(streamId: number, isLast: boolean): void {
    if (!this.#streams.isReset(streamId)) {
      this.#spend("frames of closed streams");
      this.#outbox.reset(streamId, ErrorCode.STREAM_CLOSED);
    } else if (isLast) this.#streams.forgetReset(streamId);
  }

  #endRequest(call: Http2Call): void {
    if (!call.hasPromisedContent) this.#breakCall(call, ErrorCode.PROTOCOL_ERROR);
    else call.receiveEnd();
  }

  /** §6.2 */
  #takeHeaders(frame: Frame): void {
    const { streamId, flags } = frame;
    if (streamId % 2 === 0) throw wrong("a client's streams have odd numbers");
    unpad(frame);
    if (flags & Flag.PRIORITY) frame.start += PRIORITY_BYTES;
    if (frame.start > frame.end) throw wrongSize("HEADERS without all its fields");
    const isLast = (flags & Flag.END_STREAM) !== 0;
    if (flags & Flag.END_HEADERS) {
      this.#takeBlock(streamId, isLast, this.#decode(frame.bytes, frame.start, frame.end));
    } else {
      this.#block = new HeaderBlock(frame, { isLast, nowMs: this.#options.now() });
    }
  }

  #takeContinuation(frame: Frame): void {
    const block = this.#block;
    if (block === undefined) throw wrong("CONTINUATION of nothing");
    block.add(frame);
    if (!(frame.flags & Flag.END_HEADERS)) return;
    this.#block = undefined;
    const { streamId, isLast, bytes } = block;
    this.#takeBlock(streamId, isLast, this.#decode(bytes, 0, bytes.length));
  }

  #decode(bytes: Buffer, start: number, end: number): readonly HeaderField[] | undefined {
    try {
      return this.#decoder.decode(bytes, start, end);
    } catch (error) {
      if (!(error instanceof HpackError)) throw error;
      throw new ConnectionError(ErrorCode.COMPRESSION_ERROR, error.message);
    }
  }

  /** `fields` is undefined where they are too many. */
  #takeBlock(streamId: number, isLast: boolean, fields: readonly HeaderField[] | undefined): void {
    if (streamId > this.#streams.lastId) {
      this.#takeRequest(streamId, isLast, fields);
      return;
    }
    const call = this.#streams.get(streamId);
    if (call === undefined) {
      // §5.1: what was sent before the client knew.
      if (!this.#streams.isReset(streamId)) {
        throw new ConnectionError(ErrorCode.STREAM_CLOSED, "headers of a closed stream");
      }
      if (isLast) this.#streams.forgetReset(streamId);
    } else if (call.hasClientEnded) this.#breakCall(call, ErrorCode.STREAM_CLOSED);
    else if (!isLast || fields === undefined || !areTrailers(fields)) {
      this.#breakCall(call, ErrorCode.PROTOCOL_ERROR);
    } else this.#endRequest(call);
  }

  #takeRequest(streamId: number, isLast: boolean, fields: readonly HeaderField[] | undefined): void {
    this.#streams.begin(streamId);
    if (streamId > this.#streamIdMax) {
      // §6.8: what crossed our GOAWAY on its way is not looked at.
      if (!isLast) this.#streams.rememberReset(streamId);
      return;
    }
    if (this.#streams.isFull) {
      this.#refuseStream(streamId, isLast, ErrorCode.REFUSED_STREAM);
      return;
    }
    const request = fields === undefined ? NO_FIELDS : RequestFields.from(fields);
    if (request === undefined) {
      this.#refuseStream(streamId, isLast, ErrorCode.PROTOCOL_ERROR);
      return;
    }
    const judged = this.#judge(request, fields);
    const call = this.#begin(streamId, request, judged);
    if ("status" in judged) {
      call.httpStatus = judged.httpStatus;
      call.cut(judged.status);
      if (isLast) call.receiveEnd();
    } else {
      call.start();
      this.#fresh.push(call);
      if (isLast) this.#endRequest(call);
    }
  }

  #judge(request: RequestFields, fields: readonly HeaderField[] | undefined): ReturnType<typeof judgeHead> {
    if (fields === undefined) return TOO_LARGE_HEADERS;
    if (this.#budget.isExceeded) return { httpStatus: 200, status: TOO_MUCH_KEPT };
    return judgeHead(request, this.#options.methods);
  }

  #begin(streamId: number, request: RequestFields, judged: ReturnType<typeof judgeHead>): Http2Call {
    const isRefused = "status" in judged;
    const call = new Http2Call({
      method: isRefused ? NO_METHOD : judged.method,
      timeoutMs: isRefused ? undefined : judged.timeoutMs,
      path: request.path ?? "",
      metadata: request,
      requestBytesMax: this.#options.requestBytesMax,
      streamId,
      host: this,
      sendWindowBytes: this.#outbox.settings.streamWindowBytes,
      contentBytes: request.contentBytes,
    });
    this.#streams.add(call);
    return call;
  }

  #refuseStream(streamId: number, isLast: boolean, code: ErrorCode): void {
    this.#spend("streams that are refused");
    if (!isLast) this.#streams.rememberReset(streamId);
    this.#outbox.reset(streamId, code);
  }

  /** §6.3. What it says has no meaning any more. */
  #takePriority({ streamId, start, end }: Frame): void {
    if (streamId === 0) throw wrong("PRIORITY of the connection");
    if (end - start !== PRIORITY_BYTES) throw wrongSize("PRIORITY has 5 bytes");
    this.#spend("priorities");
  }

  /** §6.4 */
  #takeReset({ streamId, start, end }: Frame): void {
    if (end - start !== 4) throw wrongSize("RST_STREAM has 4 bytes");
    if (this.#streams.isIdle(streamId)) throw wrong("RST_STREAM of no stream");
    this.#streams.forgetReset(streamId);
    const call = this.#streams.get(streamId);
    if (call === undefined) return;
    this.#spend("cancelled calls");
    call.abandon(CANCELLED);
    this.#streams.close(call);
    this.#streams.forgetReset(streamId);
    this.#noticeEnd();
  }

  /** §6.5 */
  #takeSettings(frame: Frame): void {
    const { streamId, flags, start, end } = frame;
    if (streamId !== 0) throw wrong("SETTINGS of a stream");
    if (flags & Flag.ACK) {
      if (end !== start) throw wrongSize("SETTINGS with ACK has no bytes");
      return;
    }
    if ((end - start) % 6 !== 0) throw wrongSize("SETTINGS has 6 bytes for each");
    this.#spend("settings");
    this.#outbox.configure(frame, this.#streams.all());
    this.#outbox.control(FrameType.SETTINGS, Flag.ACK, 0, NOTHING);
  }

  /** §6.7 */
  #takePing({ streamId, flags, bytes, start, end }: Frame): void {
    if (streamId !== 0) throw wrong("PING of a stream");
    if (end - start !== 8) throw wrongSize("PING has 8 bytes");
    if (flags & Flag.ACK) {
      if (this.#leavingMs !== undefined && LEAVING_PING.equals(bytes.subarray(start, end))) {
        this.#leaveAt(this.#streams.lastId);
      }
      return;
    }
    this.#spend("pings");
    this.#outbox.control(FrameType.PING, Flag.ACK, 0, Buffer.from(bytes.subarray(start, end)));
  }

  /** §6.8: the client will open no more streams. */
  #takeGoAway({ streamId, start, end }: Frame): void {
    if (streamId !== 0) throw wrong("GOAWAY of a stream");
    if (end - start < 8) throw wrongSize("GOAWAY has 8 bytes at least");
    this.#spend("goodbyes");
    this.#isClientLeaving = true;
    this.#noticeEnd();
  }

  /** §6.9 */
  #takeWindowUpdate({ streamId, bytes, start, end }: Frame): void {
    if (end - start !== 4) throw wrongSize("WINDOW_UPDATE has 4 bytes");
    const increment = readUint31(bytes, start);
    if (streamId === 0) {
      if (increment === 0) throw wrong("WINDOW_UPDATE by nothing");
      this.#outbox.opened(increment);
      return;
    }
    if (this.#streams.isIdle(streamId)) throw wrong("WINDOW_UPDATE of no stream");
    const call = this.#streams.get(streamId);
    if (call === undefined) return;
    if (increment === 0) this.#breakCall(call, ErrorCode.PROTOCOL_ERROR);
    else if (!this.#outbox.openedStream(call, increment)) this.#breakCall(call, ErrorCode.FLOW_CONTROL_ERROR);
  }

  // Ends

  /** All of the call's answer is written. */
  #finished(call: Http2Call): void {
    this.#favours.earn();
    this.#streams.close(call);
    this.#noticeEnd();
  }

  /** The client broke the stream. */
  #breakCall(call: Http2Call, code: ErrorCode): void {
    this.#spend("broken streams");
    call.abandon(CANCELLED);
    this.#closeCall(call, code);
  }

  #closeCall(call: Http2Call, code: ErrorCode): void {
    if (call.isClosed) return;
    this.#outbox.reset(call.streamId, code);
    this.#streams.close(call);
    this.#noticeEnd();
  }

  #leaveAt(lastStreamId: number): void {
    if (this.#streamIdMax < UINT31_MAX || this.#isOver) return;
    this.#streamIdMax = lastStreamId;
    this.#outbox.goAway(lastStreamId, ErrorCode.NO_ERROR, CLOSING.message);
  }

  #noticeEnd(): void {
    if (this.isFinished) this.#options.onOutput();
  }

  #spend(what: string): void {
    if (this.#favours.spend(this.#options.now)) return;
    throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, `too many ${what}`);
  }

  #trySpend(what: string): void {
    if (!this.#favours.spend(this.#options.now)) this.#over(ErrorCode.ENHANCE_YOUR_CALM, `too often ${what}`);
  }

  #fail(error: unknown): void {
    if (error instanceof PrefaceError) this.#refuseStranger(error);
    else if (error instanceof ConnectionError) this.#over(error.code, error.message);
    else this.#over(ErrorCode.INTERNAL_ERROR, error instanceof Error ? error.message : String(error));
  }

  #refuseStranger({ isHttp1 }: PrefaceError): void {
    this.#isOver = true;
    if (isHttp1) this.#outbox.text(HTTP1_ANSWER);
    else this.#options.onOutput();
  }

  /** §5.4.1 */
  #over(code: ErrorCode, message: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#outbox.goAway(this.#streams.lastId, code, message);
    this.#abandonAll();
  }

  #abandonAll(): void {
    for (const call of [...this.#streams.all()]) {
      call.abandon(CANCELLED);
      this.#streams.close(call);
    }
  }
}

const HTTP1_ANSWER = [
  "HTTP/1.1 505 HTTP Version Not Supported",
  "content-type: text/plain",
  "connection: close",
  "",
  "This is a gRPC server: it speaks HTTP/2, from the first byte on.\n",
].join("\r\n");

const PRIORITY_BYTES = 5;
const NOTHING = new Uint8Array(0);
const LEAVING_PING = Buffer.from("leaving.", "latin1");
const SILENCE_PING = Buffer.from("hello?..", "latin1");

const SETTINGS = encodeSettings([
  [SettingId.MAX_CONCURRENT_STREAMS, STREAM_COUNT_MAX],
  [SettingId.INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES],
  [SettingId.MAX_FRAME_SIZE, FRAME_BYTES_MAX],
  [SettingId.MAX_HEADER_LIST_SIZE, HEADER_LIST_BYTES_MAX],
]);

/** Of a call that is refused before anybody would handle it. */
const NO_METHOD: Method = {
  kind: "unary",
  handle: () => {
    throw new Error("not to be called");
  },
};

const NO_FIELDS = RequestFields.none();

const TOO_LARGE_HEADERS: RefusedHead = {
  httpStatus: 431,
  status: {
    code: GrpcCode.RESOURCE_EXHAUSTED,
    message: `headers of more than ${HEADER_LIST_BYTES_MAX} bytes or ${HEADER_COUNT_MAX} fields`,
  },
};

const TOO_MUCH_KEPT: Status = {
  code: GrpcCode.RESOURCE_EXHAUSTED,
  message:
    "too many bytes of this connection or server are waiting to be read: wait for answers, and take them",
};

function wrong(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.PROTOCOL_ERROR, message);
}

function wrongSize(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, message);
}

/** Leaves out the padding of DATA or HEADERS (§6.1). */
function unpad(frame: Frame): void {
  if (!(frame.flags & Flag.PADDED)) return;
  if (frame.start === frame.end) throw wrongSize("no length of the padding");
  const padding = frame.bytes[frame.start]!;
  frame.start += 1;
  frame.end -= padding;
  if (frame.end < frame.start) throw wrong("more padding than there is");
}

/**
 * What a connection has to say: answers to frames first, then calls in turns, as far as the client's windows allow
 * (RFC 9113 §5.2, §6.9).
 *
 * A call that has something to say is on one list: `#ready`, or `#starved` where the connection's window is used up. One
 * whose own window is used up is on none until its client opens it.
 */
import { ClientSettings, INITIAL_WINDOW_BYTES } from "./client-settings.ts";
import { ConnectionError, ErrorCode } from "./error-code.ts";
import { Flag, FrameType, UINT31_MAX } from "./frame.ts";
import type { FrameWriter } from "./frame-writer.ts";
import type { Http2Call } from "./http2-call.ts";
import { DEBUG_BYTES_MAX, TINY_FRAME_BYTES, TURN_BYTES_MAX, WRITE_BYTES_MAX } from "./limits.ts";
import { ResponseBlocks } from "./response-blocks.ts";

export interface OutboxEvents {
  /** There is something to write. */
  readonly onOutput: () => void;
  /** The call has said all it had to say. */
  readonly onFinished: (call: Http2Call) => void;
  /** A client's window made a frame tiny. */
  readonly onTinyFrame: () => void;
  /** A part of an answer was sent. */
  readonly onUsefulFrame: () => void;
}

interface ControlFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Uint8Array;
}

/** `idle`: it has nothing to say, or its own window is used up. */
type Progress = "finished" | "idle" | "starved" | "more";

export class Outbox {
  readonly settings = new ClientSettings();
  readonly #events: OutboxEvents;
  readonly #blocks = new ResponseBlocks();
  #control: ControlFrame[] = [];
  #text: Uint8Array | undefined;
  #ready: Http2Call[] = [];
  #starved: Http2Call[] = [];
  #windowBytes = INITIAL_WINDOW_BYTES;

  constructor(events: OutboxEvents) {
    this.#events = events;
  }

  get isEmpty(): boolean {
    return this.#control.length === 0 && this.#ready.length === 0 && this.#text === undefined;
  }

  control(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    this.#control.push({ type, flags, streamId, payload });
    this.#events.onOutput();
  }

  /** To somebody who does not know what a frame is. */
  text(text: string): void {
    this.#text = Buffer.from(text, "latin1");
    this.#events.onOutput();
  }

  reset(streamId: number, code: ErrorCode): void {
    this.control(FrameType.RST_STREAM, 0, streamId, uint32(code));
  }

  openWindow(streamId: number, increment: number): void {
    this.control(FrameType.WINDOW_UPDATE, 0, streamId, uint32(increment));
  }

  /** §6.8 */
  goAway(lastStreamId: number, code: ErrorCode, debug: string): void {
    const text = Buffer.from(debug, "utf8").subarray(0, DEBUG_BYTES_MAX);
    this.control(FrameType.GOAWAY, 0, 0, Buffer.concat([uint32(lastStreamId), uint32(code), text]));
  }

  add(call: Http2Call): void {
    if (call.isWaiting || call.isClosed) return;
    call.isWaiting = true;
    this.#ready.push(call);
    this.#events.onOutput();
  }

  /** The payload of SETTINGS; it holds for the streams that there are (§6.9.2). Throws `ConnectionError`. */
  configure(
    { bytes, start, end }: { readonly bytes: Uint8Array; readonly start: number; readonly end: number },
    calls: Iterable<Http2Call>,
  ): void {
    const before = this.settings.streamWindowBytes;
    this.settings.read(bytes, start, end);
    this.#blocks.limitTable(this.settings.headerTableBytes);
    const change = this.settings.streamWindowBytes - before;
    if (change === 0) return;
    for (const call of calls) {
      if (!this.openedStream(call, change)) {
        throw new ConnectionError(
          ErrorCode.FLOW_CONTROL_ERROR,
          "INITIAL_WINDOW_SIZE makes a window too large",
        );
      }
    }
  }

  /** WINDOW_UPDATE of the connection. Throws `ConnectionError` (§6.9.1). */
  opened(increment: number): void {
    this.#windowBytes += increment;
    if (this.#windowBytes > UINT31_MAX) {
      throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "the connection's window is too large");
    }
    const starved = this.#starved;
    this.#starved = [];
    for (const call of starved) {
      call.isWaiting = false;
      this.add(call);
    }
  }

  /** WINDOW_UPDATE of a stream. False where its window is too large now (§6.9.1). */
  openedStream(call: Http2Call, increment: number): boolean {
    call.sendWindowBytes += increment;
    if (call.sendWindowBytes > UINT31_MAX) return false;
    if (call.hasMessage && call.sendWindowBytes > 0) this.add(call);
    return true;
  }

  /** As much as is to be written at once. */
  write(writer: FrameWriter): void {
    if (this.#text !== undefined) writer.text(this.#text);
    this.#text = undefined;
    const control = this.#control;
    this.#control = [];
    for (const { type, flags, streamId, payload } of control) writer.frame(type, flags, streamId, payload);
    const ready = this.#ready;
    this.#ready = [];
    for (const call of ready) {
      if (writer.bytes < WRITE_BYTES_MAX) this.#place(call, this.#writeCall(call, writer));
      else this.#ready.push(call);
    }
  }

  #place(call: Http2Call, progress: Progress): void {
    call.isWaiting = progress === "starved" || progress === "more";
    if (progress === "starved") this.#starved.push(call);
    else if (progress === "more") this.#ready.push(call);
    else if (progress === "finished") this.#events.onFinished(call);
  }

  #writeCall(call: Http2Call, writer: FrameWriter): Progress {
    if (call.isClosed) return "idle";
    const { streamId, status } = call;
    if (!call.hasHead) {
      if (!call.hasMessage) return status === undefined ? "idle" : this.#writeStatusOnly(call, writer);
      call.hasHead = true;
      writer.frame(FrameType.HEADERS, Flag.END_HEADERS, streamId, this.#blocks.head());
    }
    const progress = this.#writeMessages(call, writer);
    if (progress !== undefined) return progress;
    // Closed, where its window was the last that the client was to play with.
    if (status === undefined || call.isClosed) return "idle";
    return this.#writeEnd(call, writer, this.#blocks.trailers(status));
  }

  /** Undefined when all of them are written. */
  #writeMessages(call: Http2Call, writer: FrameWriter): Progress | undefined {
    const turnEnd = writer.bytes + TURN_BYTES_MAX;
    while (call.hasMessage) {
      const { message, offset, length } = call.unsentPart;
      const window = Math.min(call.sendWindowBytes, this.#windowBytes);
      if (window <= 0) return call.sendWindowBytes <= 0 ? "idle" : "starved";
      if (writer.bytes >= turnEnd) return "more";
      const bytes = Math.min(length, window, this.settings.frameBytesMax, TURN_BYTES_MAX);
      writer.messagePart(call.streamId, message, offset, bytes);
      this.#windowBytes -= bytes;
      call.sent(bytes);
      if (bytes < length && bytes < TINY_FRAME_BYTES) this.#events.onTinyFrame();
      else this.#events.onUsefulFrame();
    }
    return undefined;
  }

  #writeStatusOnly(call: Http2Call, writer: FrameWriter): Progress {
    return this.#writeEnd(call, writer, this.#blocks.trailersOnly(call.httpStatus, call.status!));
  }

  #writeEnd(call: Http2Call, writer: FrameWriter, block: Uint8Array): Progress {
    writer.frame(FrameType.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, call.streamId, block);
    // §8.1: who has answered in full may ask the client to send no more.
    if (!call.hasClientEnded) writer.frame(FrameType.RST_STREAM, 0, call.streamId, NO_ERROR);
    return "finished";
  }
}

function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

const NO_ERROR = uint32(ErrorCode.NO_ERROR);

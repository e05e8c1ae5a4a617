/**
 * A channel on a libp2p stream: frames on its bytes, and bounds on what is queued in both directions.
 *
 * Invariants:
 * 1. No listener throws: Node takes an exception in an event listener for an uncaught one, which ends the process.
 * 2. While `UNREAD_BYTES_MAX` of whole frames are unread, the stream is paused; with less, it runs, for the rest of
 *    a frame could be on its way.
 * 3. Every `send` that waits ends: by room, or by the stream's end.
 *
 * libp2p: `stream.onDrain()` works only once and iterating a stream has no bound, so events, `pause` and `resume` are
 * used instead.
 */
import type { Stream, StreamMessageEvent } from "@libp2p/interface";
import { LatticeError, type PubKey } from "@lattice/model";
import { Cancellation } from "../cancellation.ts";
import { FrameInbox, type Reader } from "../frame-inbox.ts";
import { checkFrameLength, encodeFrame, FrameDecoder } from "../frames.ts";
import { FLUSH_TIMEOUT_MS, LINGER_MS, SEND_QUEUE_BYTES_MAX, UNREAD_BYTES_MAX } from "../limits.ts";
import { Room } from "../room.ts";
import type { Channel } from "../transport.ts";

interface StreamChannelOptions {
  readonly stream: Stream;
  readonly peer: PubKey;
  readonly protocol: string;
  readonly outbound: boolean;
}

export class StreamChannel implements Channel {
  readonly peer: PubKey;
  readonly protocol: string;
  readonly outbound: boolean;
  /** Resolves when both directions have ended. */
  readonly ended: Promise<void>;
  readonly #stream: Stream;
  readonly #decoder = new FrameDecoder();
  readonly #inbox: FrameInbox;
  readonly #room = new Room();
  readonly #end = Promise.withResolvers<void>();
  #closing: Promise<void> | undefined;
  /** Nothing can be sent any more, and nothing queued will be. */
  #gone = false;
  #steering = false;
  #linger: NodeJS.Timeout | undefined;

  constructor(options: StreamChannelOptions) {
    this.#stream = options.stream;
    this.peer = options.peer;
    this.protocol = options.protocol;
    this.outbound = options.outbound;
    this.ended = this.#end.promise;
    this.#inbox = new FrameInbox({
      onTaken: () => this.#steer(),
      onReader: (reader) => this.#onReader(reader),
    });
    this.#listen();
  }

  get frames(): AsyncIterable<Uint8Array> {
    return this.#inbox;
  }

  get closed(): boolean {
    return this.#gone || this.#closing !== undefined;
  }

  async send(frame: Uint8Array): Promise<void> {
    checkFrameLength(frame);
    if (this.closed) throw new LatticeError("closed", "the channel is closed");
    try {
      this.#stream.send(encodeFrame(frame));
    } catch (cause) {
      throw new LatticeError("closed", "the channel broke", { cause });
    }
    while (this.#stream.writeBufferLength >= SEND_QUEUE_BYTES_MAX && !this.#gone) await this.#room.wait();
    if (this.#gone && (this.#stream.status !== "closed" || this.#stream.writeBufferLength > 0)) {
      throw new LatticeError("closed", "the channel broke before there was room");
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#flush();
    return this.#closing;
  }

  abort(): void {
    this.#inbox.drop();
    try {
      this.#stream.abort(new Error("the channel was aborted"));
    } catch {
      this.#onClose();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #listen(): void {
    const stream = this.#stream;
    stream.addEventListener("drain", () => this.#room.changed());
    stream.addEventListener("idle", () => this.#room.changed());
    stream.addEventListener("end", () => this.#inbox.end());
    stream.addEventListener("close", () => this.#onClose());
    stream.addEventListener("message", (event) => this.#onMessage(event));
    // What happened before anybody listened.
    if (stream.readableEnded) this.#inbox.end();
    if (stream.status !== "open") this.#onClose();
  }

  #onMessage(event: StreamMessageEvent): void {
    try {
      const chunks = event.data instanceof Uint8Array ? [event.data] : event.data;
      for (const chunk of chunks) this.#decoder.push(chunk);
      for (let frame = this.#decoder.next(); frame !== undefined; frame = this.#decoder.next())
        this.#inbox.push(frame);
      if (this.#decoder.violation === undefined) this.#steer();
      else this.abort();
    } catch {
      this.abort();
    }
  }

  #onClose(): void {
    this.#gone = true;
    clearTimeout(this.#linger);
    const { status } = this.#stream;
    // After an end in good order a paused stream still has bytes to give; then it says `end`.
    if (status === "aborted" || status === "reset") this.#inbox.drop();
    else if (this.#stream.readBufferLength === 0) this.#inbox.end();
    this.#room.changed();
    this.#end.resolve();
  }

  /** Invariant 2. */
  #steer(): void {
    // `resume` gives out what had gathered before it tells the muxer; pausing in between would be undone by that.
    if (this.#steering) return;
    this.#steering = true;
    try {
      while (this.#full() ? this.#stream.readStatus === "readable" : this.#stream.readStatus === "paused") {
        if (this.#full()) this.#stream.pause();
        else this.#stream.resume();
      }
    } catch {
      // The stream closed just now: its event is on the way.
    } finally {
      this.#steering = false;
    }
  }

  /** Nothing is received for a reader that left, but what is closed takes it all, to nowhere. */
  #full(): boolean {
    const { reader, unreadBytes } = this.#inbox;
    return reader === "left" ? this.#closing === undefined : unreadBytes >= UNREAD_BYTES_MAX;
  }

  #onReader(reader: Reader): void {
    if (reader === "reading") clearTimeout(this.#linger);
    this.#steer();
    if (reader === "left" && this.#closing !== undefined) this.#startLinger();
  }

  async #flush(): Promise<void> {
    using deadline = new Cancellation({ timeoutMs: FLUSH_TIMEOUT_MS });
    try {
      await this.#stream.close({ signal: deadline.signal });
    } catch {
      this.abort();
      return;
    }
    this.#steer();
    if (this.#inbox.reader !== "reading") this.#startLinger();
  }

  /** A peer that never closes its side must not hold a stream that nobody reads. */
  #startLinger(): void {
    clearTimeout(this.#linger);
    if (this.#gone) return;
    this.#linger = setTimeout(() => this.abort(), LINGER_MS);
    this.#linger.unref();
  }
}

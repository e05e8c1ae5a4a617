/** A call and its stream: one object for both. What it has to say waits here until the outbox has its turn. */
import { Fifo } from "../fifo.ts";
import { GrpcCall, type GrpcCallOptions } from "../grpc-call.ts";
import { MESSAGE_OVERHEAD_BYTES, UNSENT_BYTES_MAX } from "../limits.ts";
import { PREFIX_BYTES } from "../message-reader.ts";
import type { Peer } from "../peer.ts";
import type { Status } from "../status.ts";
import { STREAM_WINDOW_BYTES } from "./limits.ts";
import { ReceiveWindow } from "./receive-window.ts";

/** What a call needs of its connection. */
export interface CallHost {
  readonly peer: Peer;
  /** It has something to say. */
  callWrites(call: Http2Call): void;
  /** It cannot end in good order. */
  callBreaks(call: Http2Call): void;
  /** It keeps more or fewer bytes than before. */
  callKeeps(bytes: number): void;
  /** Its client may send more. */
  callHasRoom(call: Http2Call, increment: number): void;
  callHandled(call: Http2Call): void;
}

export interface Http2CallOptions extends GrpcCallOptions {
  readonly streamId: number;
  readonly host: CallHost;
  readonly sendWindowBytes: number;
  /** What the client promised to send. */
  readonly contentBytes: number | undefined;
}

export class Http2Call extends GrpcCall {
  readonly streamId: number;
  /** What the client takes. Below 0 where it changed its mind (RFC 9113 §6.9.2). */
  sendWindowBytes: number;
  /** Whether the outbox has it on a list. */
  isWaiting = false;
  /** Its stream is, from the server's side. */
  isClosed = false;
  hasHead = false;
  /** What it ends with. */
  status: Status | undefined;
  /** Of an answer that is no message of gRPC. */
  httpStatus = 200;
  readonly #host: CallHost;
  /** Made when a request is longer than its first frame. */
  #receiveWindow: ReceiveWindow | undefined;
  readonly #contentBytes: number | undefined;
  #receivedBytes = 0;
  /** As the connection knows it. */
  #keptBytes = 0;
  #message: Uint8Array | undefined;
  /** Of the message's bytes, with its prefix, those that were sent. */
  #sentBytes = 0;
  /** Behind that one; most calls have none. */
  #others: Fifo<Uint8Array> | undefined;
  #unsentBytes = 0;
  #drained: PromiseWithResolvers<void> | undefined;

  constructor(options: Http2CallOptions) {
    super(options);
    this.streamId = options.streamId;
    this.sendWindowBytes = options.sendWindowBytes;
    this.#host = options.host;
    this.#contentBytes = options.contentBytes;
  }

  get remote(): string {
    return this.#host.peer.remote;
  }

  get commonName(): string | undefined {
    return this.#host.peer.commonName;
  }

  send(message: Uint8Array): boolean {
    if (this.isOver) return false;
    this.#queue(message);
    this.#host.callWrites(this);
    return this.#unsentBytes <= UNSENT_BYTES_MAX;
  }

  drained(): Promise<void> {
    if (this.isOver || this.#unsentBytes <= UNSENT_BYTES_MAX) return Promise.resolve();
    this.#drained ??= Promise.withResolvers();
    return this.#drained.promise;
  }

  // What the connection tells it of its client

  /** DATA, of `end - start` bytes and as many as `padding` around them. False where they were more than the client may send. */
  receiveData(
    { bytes, start, end }: { readonly bytes: Uint8Array; readonly start: number; readonly end: number },
    padding: number,
  ): boolean {
    this.#receivedBytes += end - start;
    this.#receiveWindow ??= new ReceiveWindow(STREAM_WINDOW_BYTES);
    if (!this.#receiveWindow.take(end - start + padding)) return false;
    if (padding > 0) this.giveRoom(padding);
    this.receive(bytes, start, end);
    this.#count();
    return true;
  }

  /** §8.1.1: whoever says how much it sends sends that much. */
  get hasPromisedContent(): boolean {
    return this.#contentBytes === undefined || this.#contentBytes === this.#receivedBytes;
  }

  /** The stream is closed: nobody will take what waits. */
  drop(): void {
    this.#message = undefined;
    this.#others = undefined;
    this.#unsentBytes = 0;
    this.#wake();
    this.#count();
  }

  // What the outbox asks for

  get hasMessage(): boolean {
    return this.#message !== undefined;
  }

  /** The part of a message that is to be sent next. */
  get unsentPart(): { readonly message: Uint8Array; readonly offset: number; readonly length: number } {
    const message = this.#message!;
    return { message, offset: this.#sentBytes, length: PREFIX_BYTES + message.length - this.#sentBytes };
  }

  /** Of what `unsentPart` said, that much is sent. */
  sent(bytes: number): void {
    this.sendWindowBytes -= bytes;
    this.#sentBytes += bytes;
    if (this.#sentBytes < PREFIX_BYTES + this.#message!.length) return;
    this.#unsentBytes -= MESSAGE_OVERHEAD_BYTES + this.#message!.length;
    this.#sentBytes = 0;
    this.#message = this.#others?.shift();
    if (this.#unsentBytes <= UNSENT_BYTES_MAX) this.#wake();
    this.#count();
  }

  // What the call asks for

  protected finish(status: Status, response?: Uint8Array): void {
    this.status = status;
    if (response !== undefined) this.#queue(response);
    this.#host.callWrites(this);
  }

  /** What waits is for somebody who waits no more. Of a message whose beginning is sent, the end can only be missing. */
  protected cutOff(status: Status): void {
    if (this.#sentBytes > 0) {
      this.#host.callBreaks(this);
      return;
    }
    this.drop();
    this.finish(status);
  }

  protected giveRoom(bytes: number): void {
    this.#count();
    if (this.hasClientEnded || this.#receiveWindow?.free(bytes) !== true) return;
    this.#host.callHasRoom(this, this.#receiveWindow.tell());
  }

  protected handled(): void {
    this.#host.callHandled(this);
  }

  /** Tells the connection what is kept. */
  #count(): void {
    const change = this.heldBytes + this.#unsentBytes - this.#keptBytes;
    if (change === 0) return;
    this.#keptBytes += change;
    this.#host.callKeeps(change);
  }

  #queue(message: Uint8Array): void {
    this.#unsentBytes += MESSAGE_OVERHEAD_BYTES + message.length;
    if (this.#message === undefined) this.#message = message;
    else (this.#others ??= new Fifo()).push(message);
    this.#count();
  }

  #wake(): void {
    this.#drained?.resolve();
    this.#drained = undefined;
  }
}

/** A call on a stream of node:http2. */
import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { CANCELLED, GrpcCall, type GrpcCallOptions } from "../grpc-call.ts";
import { framed } from "../message-reader.ts";
import type { Peer } from "../peer.ts";
import { encodeStatusMessage } from "../status-message.ts";
import { LATTICE_CODE, type Status } from "../status.ts";

interface NativeCallOptions extends GrpcCallOptions {
  readonly stream: ServerHttp2Stream;
  readonly peer: Peer;
}

export class NativeCall extends GrpcCall {
  readonly #stream: ServerHttp2Stream;
  readonly #peer: Peer;
  #hasHead = false;
  #status: Status | undefined;
  /** What came and is not to be followed by more: above 0, the stream is paused. */
  #heldBytes = 0;
  #drained: PromiseWithResolvers<void> | undefined;

  constructor({ stream, peer, ...options }: NativeCallOptions) {
    super(options);
    this.#stream = stream;
    this.#peer = peer;
    stream.on("data", (bytes: Uint8Array) => this.#receive(bytes));
    stream.on("end", () => this.#receiveEnd());
    stream.on("drain", () => this.#room());
    stream.on("wantTrailers", () => this.#sendTrailers());
    stream.on("close", () => this.#closed());
    // Of what the client did to the stream; "close" follows.
    stream.on("error", () => {});
  }

  get remote(): string {
    return this.#peer.remote;
  }

  get commonName(): string | undefined {
    return this.#peer.commonName;
  }

  send(message: Uint8Array): boolean {
    if (this.isOver || this.#stream.destroyed) return false;
    this.#sendHead();
    return this.#stream.write(framed(message));
  }

  drained(): Promise<void> {
    if (this.isOver || !this.#stream.writableNeedDrain) return Promise.resolve();
    this.#drained ??= Promise.withResolvers();
    return this.#drained.promise;
  }

  protected finish(status: Status, response?: Uint8Array): void {
    this.#room();
    if (this.#stream.destroyed) return;
    this.#status = status;
    if (response !== undefined) {
      this.#sendHead();
      this.#stream.end(framed(response));
    } else if (this.#hasHead) this.#stream.end();
    else {
      this.#stream.once("finish", () => this.#stopClient());
      this.#stream.respond({ ...HEAD, ...trailersOf(status) }, { endStream: true });
    }
  }

  protected cutOff(status: Status): void {
    this.finish(status);
  }

  protected giveRoom(bytes: number): void {
    this.#heldBytes -= bytes;
    if (this.#heldBytes <= 0 && this.#stream.isPaused()) this.#stream.resume();
  }

  protected handled(): void {}

  #receive(bytes: Uint8Array): void {
    this.#heldBytes += bytes.length;
    this.receive(bytes, 0, bytes.length);
    if (this.#heldBytes > 0) this.#stream.pause();
  }

  /** Also comes when the client went away. */
  #receiveEnd(): void {
    if (!this.#stream.aborted) this.receiveEnd();
  }

  #sendHead(): void {
    if (this.#hasHead) return;
    this.#hasHead = true;
    this.#stream.respond(HEAD, { waitForTrailers: true });
  }

  #sendTrailers(): void {
    if (this.#stream.destroyed) return;
    this.#stream.sendTrailers(trailersOf(this.#status!));
    // Not at once: what resets a stream overtakes its trailers.
    setImmediate(() => this.#stopClient());
  }

  /** RFC 9113 §8.1: who has answered in full may ask the client to send no more. */
  #stopClient(): void {
    if (!this.hasClientEnded) this.#stream.close(constants.NGHTTP2_NO_ERROR);
  }

  #room(): void {
    this.#drained?.resolve();
    this.#drained = undefined;
  }

  /** In good order after the trailers, or because the client cancelled or went away. */
  #closed(): void {
    this.abandon(CANCELLED);
    this.#room();
  }
}

const HEAD: OutgoingHttpHeaders = { ":status": 200, "content-type": "application/grpc" };

export function trailersOf({ code, message, latticeCode }: Status): OutgoingHttpHeaders {
  const trailers: OutgoingHttpHeaders = { "grpc-status": String(code) };
  if (message !== "") trailers["grpc-message"] = encodeStatusMessage(message);
  if (latticeCode !== undefined) trailers[LATTICE_CODE] = latticeCode;
  return trailers;
}

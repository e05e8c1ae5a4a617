/**
 * The messages of a client that a handler has not read yet: one who fills it, one who reads it.
 *
 * The bound is the flow control of whoever fills it: `unreadBytes` says when to hold the client back, `onRead` when there
 * may be room again.
 */
import { Fifo } from "./fifo.ts";
import { MESSAGE_OVERHEAD_BYTES } from "./limits.ts";

export class RequestQueue implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #onRead: () => void;
  readonly #messages = new Fifo<Uint8Array>();
  #unreadBytes = 0;
  #isEnded = false;
  #failed: Error | undefined;
  #reader: PromiseWithResolvers<IteratorResult<Uint8Array, undefined>> | undefined;

  constructor(onRead: () => void) {
    this.#onRead = onRead;
  }

  /** With what they cost on top. */
  get unreadBytes(): number {
    return this.#unreadBytes;
  }

  push(message: Uint8Array): void {
    if (this.#isEnded) return;
    if (this.#reader) {
      this.#settleReader({ done: false, value: message });
      return;
    }
    this.#messages.push(message);
    this.#unreadBytes += MESSAGE_OVERHEAD_BYTES + message.length;
  }

  /** The client will send no more; what is there is still read. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#settleReader(DONE);
  }

  /** The call is over: whoever reads gets the error, and what is there is gone. */
  fail(error: Error): void {
    if (this.#isEnded && this.#messages.length === 0) return;
    this.#isEnded = true;
    this.#failed = error;
    this.#drop();
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.reject(error);
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const message = this.#shift();
    if (message !== undefined) return Promise.resolve({ done: false, value: message });
    if (this.#failed) return Promise.reject(this.#failed);
    if (this.#isEnded) return Promise.resolve(DONE);
    this.#reader ??= Promise.withResolvers();
    return this.#reader.promise;
  }

  /** Who stops reading wants no more: what comes is dropped. */
  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#isEnded = true;
    this.#drop();
    this.#onRead();
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #shift(): Uint8Array | undefined {
    const message = this.#messages.shift();
    if (message === undefined) return undefined;
    this.#unreadBytes -= MESSAGE_OVERHEAD_BYTES + message.length;
    this.#onRead();
    return message;
  }

  #drop(): void {
    this.#messages.clear();
    this.#unreadBytes = 0;
  }

  #settleReader(result: IteratorResult<Uint8Array, undefined>): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.resolve(result);
  }
}

const DONE: IteratorResult<Uint8Array, undefined> = { done: true, value: undefined };

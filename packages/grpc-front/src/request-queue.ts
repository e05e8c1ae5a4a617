/**
 * The messages of a client that a handler has not read yet: one who fills it, one who reads it.
 *
 * The bound is the flow control of whoever fills it: `unreadBytes` says when to hold the client back, `onRead` when there
 * may be room again.
 */
export class RequestQueue implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #onRead: () => void;
  #messages: Uint8Array[] = [];
  #at = 0;
  #unreadBytes = 0;
  #isEnded = false;
  #failed: Error | undefined;
  #reader: PromiseWithResolvers<IteratorResult<Uint8Array, undefined>> | undefined;

  constructor(onRead: () => void) {
    this.#onRead = onRead;
  }

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
    this.#unreadBytes += message.length;
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
    if (this.#at < this.#messages.length) return Promise.resolve({ done: false, value: this.#shift() });
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

  #shift(): Uint8Array {
    const message = this.#messages[this.#at++]!;
    this.#unreadBytes -= message.length;
    if (this.#at === this.#messages.length) this.#drop();
    this.#onRead();
    return message;
  }

  #drop(): void {
    this.#messages = [];
    this.#at = 0;
    this.#unreadBytes = 0;
  }

  #settleReader(result: IteratorResult<Uint8Array, undefined>): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.resolve(result);
  }
}

const DONE: IteratorResult<Uint8Array, undefined> = { done: true, value: undefined };

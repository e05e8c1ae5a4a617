/**
 * The stream that a caller holds, in process and from afar.
 *
 * Invariants:
 * 1. Nothing starts before the first `next`; every iterator is a call of its own.
 * 2. After `return`, or once the signal aborts, every pending `next` is settled at once and the source's signal is
 *    aborted. Neither waits for the source.
 * 3. It fails with a `LatticeError`, once; after that, and after its end, it is done.
 *
 * It pulls: what the consumer does not ask for is not read from the source, and nothing is kept here.
 */
import type { LatticeError } from "@lattice/model/errors";
import { abortError, callError } from "./call-error.ts";

const DONE = { done: true, value: undefined } as const;

export function replyStream<T>(
  open: (signal: AbortSignal) => AsyncIterable<T>,
  signal?: AbortSignal,
): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => new ReplyIterator(open, signal) };
}

class ReplyIterator<T> implements AsyncIterator<T, undefined> {
  readonly #open: (signal: AbortSignal) => AsyncIterable<T>;
  readonly #outer: AbortSignal | undefined;
  readonly #own = new AbortController();
  readonly #pending = new Set<PromiseWithResolvers<IteratorResult<T, undefined>>>();
  #source: AsyncIterator<T> | undefined;
  #ended = false;
  /** Why it ended while nobody waited: for whoever asks next. */
  #untold: LatticeError | undefined;

  constructor(open: (signal: AbortSignal) => AsyncIterable<T>, outer: AbortSignal | undefined) {
    this.#open = open;
    this.#outer = outer;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#ended) return this.#afterEnd();
    const pending = Promise.withResolvers<IteratorResult<T, undefined>>();
    this.#pending.add(pending);
    void this.#pull(pending);
    return pending.promise;
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#untold = undefined;
    this.#end();
    return Promise.resolve(DONE);
  }

  async #pull(pending: PromiseWithResolvers<IteratorResult<T, undefined>>): Promise<void> {
    try {
      this.#source ??= this.#start();
      const result = await this.#source.next();
      if (result.done !== true) {
        this.#pending.delete(pending);
        pending.resolve(result);
      } else {
        this.#end();
      }
    } catch (error) {
      this.#fail(callError(error));
    }
  }

  #start(): AsyncIterator<T> {
    if (this.#outer?.aborted === true) throw abortError(this.#outer);
    this.#outer?.addEventListener("abort", this.#abort, { once: true });
    return this.#open(this.#own.signal)[Symbol.asyncIterator]();
  }

  #afterEnd(): Promise<IteratorResult<T, undefined>> {
    const error = this.#untold;
    this.#untold = undefined;
    return error === undefined ? Promise.resolve(DONE) : Promise.reject(error);
  }

  readonly #abort = (): void => {
    const error = abortError(this.#outer!);
    if (this.#pending.size === 0) this.#untold = error;
    this.#fail(error);
  };

  /** The first that waits gets the error, whoever waits behind it the end. */
  #fail(error: LatticeError): void {
    const [first] = this.#pending;
    first?.reject(error);
    this.#end(error);
  }

  #end(reason?: LatticeError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#outer?.removeEventListener("abort", this.#abort);
    for (const pending of this.#pending) pending.resolve(DONE);
    this.#pending.clear();
    this.#own.abort(reason);
    void this.#release();
  }

  /** A source that waits may never answer, and a broken one may throw: neither concerns the consumer. */
  async #release(): Promise<void> {
    try {
      await this.#source?.return?.();
    } catch {
      // Told to nobody, because nobody waits for it.
    }
  }
}

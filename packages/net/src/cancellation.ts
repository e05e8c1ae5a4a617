/**
 * The signal of one call: aborted when one of its parents is, or when its time is over, for as long as the call lasts.
 *
 * Not `AbortSignal.any` and `AbortSignal.timeout`: Node holds a signal of theirs, and whatever still listens to it, for
 * as long as the parent lives or until the time is over, and libp2p leaves listeners behind.
 */
interface CancellationOptions {
  readonly parents?: readonly (AbortSignal | undefined)[];
  readonly timeoutMs?: number;
}

export class Cancellation implements Disposable {
  readonly #controller = new AbortController();
  readonly #parents: readonly AbortSignal[];
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #onAbort = (event: Event): void => this.abort((event.target as AbortSignal).reason);

  constructor({ parents = [], timeoutMs }: CancellationOptions) {
    this.#parents = parents.filter((parent) => parent !== undefined);
    for (const parent of this.#parents) {
      if (parent.aborted) this.abort(parent.reason);
      else parent.addEventListener("abort", this.#onAbort);
    }
    if (timeoutMs === undefined) return;
    this.#timer = setTimeout(() => this.abort(new DOMException("out of time", "TimeoutError")), timeoutMs);
    this.#timer.unref();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason?: unknown): void {
    this.#controller.abort(reason);
  }

  /** From now on neither parents nor time abort the signal. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const parent of this.#parents) parent.removeEventListener("abort", this.#onAbort);
  }
}

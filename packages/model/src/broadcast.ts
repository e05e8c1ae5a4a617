/**
 * One teller, many listeners, each with a bounded queue. A listener that lags loses its queue, and is told so by an
 * item that stands for what was dropped.
 */
export interface BroadcastOptions<T> {
  /** Items that may wait for one listener. */
  readonly pendingMax: number;
  /** Stands for all that was dropped, `latest` included. */
  readonly gap: (latest: T) => T;
}

export class Broadcast<T> {
  readonly #options: BroadcastOptions<T>;
  readonly #listeners = new Set<Listener<T>>();

  constructor(options: BroadcastOptions<T>) {
    this.#options = options;
  }

  publish(item: T): void {
    for (const listener of this.#listeners) listener.push(item);
  }

  /** What is published from this call on, until the signal or the listener ends it. */
  subscribe(signal: AbortSignal): AsyncIterable<T> {
    const listener = new Listener(this.#options, () => this.#listeners.delete(listener));
    if (signal.aborted) listener.end();
    else {
      this.#listeners.add(listener);
      signal.addEventListener("abort", () => listener.end(), { once: true });
    }
    return listener;
  }

  /** Ends all listeners. */
  close(): void {
    for (const listener of [...this.#listeners]) listener.end();
  }
}

class Listener<T> implements AsyncIterableIterator<T> {
  readonly #options: BroadcastOptions<T>;
  readonly #onEnd: () => void;
  #queue: T[] = [];
  #wake: (() => void) | undefined;
  #hasEnded = false;

  constructor(options: BroadcastOptions<T>, onEnd: () => void) {
    this.#options = options;
    this.#onEnd = onEnd;
  }

  push(item: T): void {
    if (this.#queue.length >= this.#options.pendingMax) this.#queue = [this.#options.gap(item)];
    else this.#queue.push(item);
    this.#wake?.();
  }

  end(): void {
    this.#hasEnded = true;
    this.#onEnd();
    this.#wake?.();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<T>> {
    while (this.#queue.length === 0 && !this.#hasEnded) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#hasEnded) return { done: true, value: undefined };
    return { done: false, value: this.#queue.shift()! };
  }

  return(): Promise<IteratorResult<T>> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }
}

/**
 * Tells consumers what became durable. Each has a bounded queue; one that lags loses its queue, and is told so.
 */
import type { Change, Gap } from "@lattice/store";
import { CHANGES_PENDING_MAX } from "./limits.ts";

type Item = Change<unknown> | Gap;

export class Changes {
  readonly #subscriptions = new Set<Subscription>();

  publish(change: Change<unknown>): void {
    for (const subscription of this.#subscriptions) subscription.push(change);
  }

  /** The state was replaced: everybody must read it again. */
  publishGap(position: Uint8Array): void {
    for (const subscription of this.#subscriptions) subscription.gap(position);
  }

  /** Ends all streams. */
  close(): void {
    for (const subscription of [...this.#subscriptions]) subscription.end();
  }

  /** From this call on; ends with the signal. */
  subscribe(signal: AbortSignal): AsyncIterable<Item> {
    const subscription = new Subscription(() => this.#subscriptions.delete(subscription));
    if (signal.aborted) subscription.end();
    else {
      this.#subscriptions.add(subscription);
      signal.addEventListener("abort", () => subscription.end(), { once: true });
    }
    return subscription;
  }
}

class Subscription implements AsyncIterableIterator<Item> {
  readonly #onEnd: () => void;
  #queue: Item[] = [];
  #wake: (() => void) | undefined;
  #ended = false;

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  push(item: Item): void {
    if (this.#queue.length >= CHANGES_PENDING_MAX) this.gap(item.position);
    else this.#queue.push(item);
    this.#wake?.();
  }

  gap(position: Uint8Array): void {
    this.#queue = [{ kind: "gap", position }];
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#onEnd();
    this.#wake?.();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Item>> {
    while (this.#queue.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const item = this.#ended ? undefined : this.#queue.shift();
    return item === undefined ? { done: true, value: undefined } : { done: false, value: item };
  }

  return(): Promise<IteratorResult<Item>> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }
}

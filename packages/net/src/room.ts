/** Senders that wait until something changed; each looks again for itself whether that is enough for it. */
export class Room {
  #next: PromiseWithResolvers<void> | undefined;

  changed(): void {
    this.#next?.resolve();
    this.#next = undefined;
  }

  wait(): Promise<void> {
    this.#next ??= Promise.withResolvers<void>();
    return this.#next.promise;
  }
}

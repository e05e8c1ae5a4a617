/** Those who wait until a member has applied its log up to some place. */
export class AppliedWaiters {
  #waiting: { readonly index: number; readonly resolve: () => void }[] = [];

  wait(index: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter = { index, resolve: done };
      const waiting = this.#waiting;
      waiting.push(waiter);
      function done(): void {
        signal.removeEventListener("abort", abort);
        resolve();
      }
      function abort(): void {
        waiting.splice(waiting.indexOf(waiter), 1);
        reject(signal.reason as Error);
      }
      if (signal.aborted) abort();
      else signal.addEventListener("abort", abort, { once: true });
    });
  }

  applied(index: number): void {
    if (this.#waiting.length === 0) return;
    for (const waiter of this.#waiting.filter((each) => each.index <= index)) {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      waiter.resolve();
    }
  }
}

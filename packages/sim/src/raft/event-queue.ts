/** Simulated time without promises: a core has none, so an event is over when its call returns. */
import { TimedQueue } from "../timed-queue.ts";

export class RaftEventQueue {
  readonly #events = new TimedQueue<() => void>();
  #count = 0;

  get nowMs(): number {
    return this.#events.nowMs;
  }

  /** Of those that have happened. */
  get count(): number {
    return this.#count;
  }

  after(ms: number, run: () => void): void {
    this.#events.add(ms, run);
  }

  /** Says whether there was one. */
  step(): boolean {
    const run = this.#events.take();
    if (run === undefined) return false;
    this.#count += 1;
    run();
    return true;
  }
}

/**
 * A machine's clock over simulated time: it may be wrong, run fast or slow, and jump. Timers run by its speed and know
 * nothing of its jumps. One per life of a process: when that ends, so do its timers.
 */
import type { Clock } from "@lattice/model";
import type { Scheduler } from "./scheduler.ts";

/** Midnight of a day long after this was written. */
export const EPOCH_MS = Date.UTC(2030, 0, 1);

/** How wrong a machine's clock is; outlives its processes. */
export class ClockError {
  #offsetMs = 0;
  #rate = 1;
  #sinceMs = 0;

  wallMs(nowMs: number): number {
    return Math.floor(EPOCH_MS + nowMs + this.#offsetMs + (nowMs - this.#sinceMs) * (this.#rate - 1));
  }

  get rate(): number {
    return this.#rate;
  }

  jump(byMs: number): void {
    this.#offsetMs += byMs;
  }

  drift(nowMs: number, rate: number): void {
    this.#offsetMs += (nowMs - this.#sinceMs) * (this.#rate - 1);
    this.#sinceMs = nowMs;
    this.#rate = rate;
  }

  /** Right again, as if set by somebody. */
  correct(): void {
    this.#offsetMs = 0;
    this.#rate = 1;
  }
}

export class SimClock implements Clock {
  readonly #scheduler: Scheduler;
  readonly #error: ClockError;
  readonly #owner: string;
  #isAlive = true;

  constructor(options: { scheduler: Scheduler; error: ClockError; owner: string }) {
    this.#scheduler = options.scheduler;
    this.#error = options.error;
    this.#owner = options.owner;
  }

  now(): number {
    return this.#error.wallMs(this.#scheduler.nowMs);
  }

  after(ms: number, callback: () => void): () => void {
    return this.#scheduler.after(ms / this.#error.rate, `timer ${this.#owner}`, () => {
      if (this.#isAlive) callback();
    });
  }

  stop(): void {
    this.#isAlive = false;
  }
}

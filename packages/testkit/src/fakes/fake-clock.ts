/** Time that stands still until a test moves it. */
import type { Clock } from "@lattice/model";

interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
}

/**
 * Invariants
 *  1. A timer is called from within `advance` only, once, and not before its time.
 *  2. `after(0, …)` asks for no time, only that all else gets its turn: it is called in a turn of its own, without an
 *     `advance`.
 */
export class FakeClock implements Clock {
  #nowMs: number;
  readonly #timers = new Set<Timer>();

  /** `startMs` in milliseconds since 1970. */
  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  after(ms: number, callback: () => void): () => void {
    if (ms <= 0) {
      const turn = setImmediate(callback);
      return () => clearImmediate(turn);
    }
    const timer = { atMs: this.#nowMs + ms, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that are still to come; those of `after(0, …)` are none. */
  get timerCount(): number {
    return this.#timers.size;
  }

  /** Without any timer being called: what a clock that is set does. */
  jump(ms: number): void {
    this.#nowMs += ms;
  }

  /** Calls what is due on the way, in its order. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#timers]
        .filter(({ atMs }) => atMs <= untilMs)
        .toSorted((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.callback();
    }
    this.#nowMs = untilMs;
  }
}

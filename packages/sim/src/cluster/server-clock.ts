/** The clock of one life of a server: it runs at a rate of its own, and stands still with its process. */
import type { MonotonicClock } from "@lattice/raft-node";
import type { Scheduler } from "../scheduler.ts";

/** Of a machine: outlives its processes. */
export class ClockRate {
  #rate = 1;
  #sinceMs = 0;
  #atSinceMs = 0;

  get rate(): number {
    return this.#rate;
  }

  shownMs(nowMs: number): number {
    return this.#atSinceMs + (nowMs - this.#sinceMs) * this.#rate;
  }

  set(rate: number, nowMs: number): void {
    this.#atSinceMs = this.shownMs(nowMs);
    this.#sinceMs = nowMs;
    this.#rate = rate;
  }
}

/** A process as its machine's scheduler sees it: what is due while it stands still happens when it goes on. */
export class Process {
  readonly #scheduler: Scheduler;
  readonly #mourners = new Set<() => void>();
  #pausedUntilMs = 0;
  #hasEnded = false;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  end(): void {
    this.#hasEnded = true;
    for (const mourn of this.#mourners) mourn();
    this.#mourners.clear();
  }

  /** Calls back when it ends, unless that is called off by the answer; which says whether it could be. */
  whenEnded(mourn: () => void): () => boolean {
    this.#mourners.add(mourn);
    return () => this.#mourners.delete(mourn);
  }

  pause(forMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#scheduler.nowMs + forMs);
  }

  resume(): void {
    this.#pausedUntilMs = 0;
  }

  /** Now, when it goes on, or never. */
  run(label: string, task: () => void): void {
    if (this.#hasEnded) return;
    const waitMs = this.#pausedUntilMs - this.#scheduler.nowMs;
    if (waitMs <= 0) task();
    else this.#scheduler.after(waitMs, label, () => this.run(label, task));
  }
}

export class ServerClock implements MonotonicClock {
  readonly #scheduler: Scheduler;
  readonly #process: Process;
  readonly #rate: ClockRate;
  readonly #label: string;

  constructor(options: { scheduler: Scheduler; process: Process; rate: ClockRate; label: string }) {
    this.#scheduler = options.scheduler;
    this.#process = options.process;
    this.#rate = options.rate;
    this.#label = options.label;
  }

  nowMs(): number {
    return this.#rate.shownMs(this.#scheduler.nowMs);
  }

  after(ms: number, callback: () => void): () => void {
    let isCancelled = false;
    this.#scheduler.after(ms / this.#rate.rate, this.#label, () => {
      this.#process.run(this.#label, () => {
        if (!isCancelled) callback();
      });
    });
    return () => (isCancelled = true);
  }
}

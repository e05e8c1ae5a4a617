/**
 * Simulated time: an ordered list of what is to happen. One event and everything that follows from it by itself
 * (promises) is one step; nothing else ever runs, so the same events give the same world.
 */
import { TimedQueue } from "./timed-queue.ts";

export interface Scheduler {
  /** Milliseconds since the simulation began. */
  readonly nowMs: number;
  /** Runs `run` in `ms`, after everything that was asked for earlier for the same moment. The answer cancels it. */
  after(ms: number, label: string, run: () => void): () => void;
}

interface SimEvent {
  readonly label: string;
  /** Undefined once it was cancelled. */
  run: (() => void) | undefined;
}

export class EventQueue implements Scheduler {
  readonly #events = new TimedQueue<SimEvent>();
  #stepCount = 0;

  get nowMs(): number {
    return this.#events.nowMs;
  }

  get stepCount(): number {
    return this.#stepCount;
  }

  after(ms: number, label: string, run: () => void): () => void {
    const event: SimEvent = { label, run };
    this.#events.add(Math.max(0, ms), event);
    return () => (event.run = undefined);
  }

  /** The label of the event that was run; undefined where nothing is left to happen. */
  async step(): Promise<string | undefined> {
    const event = this.#events.take(({ run }) => run !== undefined);
    if (event === undefined) return undefined;
    this.#stepCount += 1;
    event.run!();
    await settled();
    return event.label;
  }
}

/** Once the queue of promises is empty, everything that follows from what was done has happened. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Simulated time: an ordered list of what is to happen. One event and everything that follows from it by itself
 * (promises) is one step; nothing else ever runs, so the same events give the same world.
 */
export interface Scheduler {
  /** Milliseconds since the simulation began. */
  readonly nowMs: number;
  /** Runs `run` in `ms`, after everything that was asked for earlier for the same moment. The answer cancels it. */
  after(ms: number, label: string, run: () => void): () => void;
}

interface SimEvent {
  readonly atMs: number;
  readonly order: number;
  readonly label: string;
  run: (() => void) | undefined;
}

export class EventQueue implements Scheduler {
  readonly #heap: SimEvent[] = [];
  #nowMs = 0;
  #order = 0;
  #stepCount = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  get stepCount(): number {
    return this.#stepCount;
  }

  after(ms: number, label: string, run: () => void): () => void {
    const event: SimEvent = { atMs: this.#nowMs + Math.max(0, ms), order: this.#order++, label, run };
    this.#push(event);
    return () => (event.run = undefined);
  }

  /** The label of the event that was run; undefined where nothing is left to happen. */
  async step(): Promise<string | undefined> {
    for (let event = this.#pop(); event !== undefined; event = this.#pop()) {
      if (event.run === undefined) continue;
      this.#nowMs = event.atMs;
      this.#stepCount += 1;
      event.run();
      await settled();
      return event.label;
    }
    return undefined;
  }

  #push(event: SimEvent): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isBefore(heap[parent]!, event)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): SimEvent | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || first === last) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (isBefore(last, heap[child]!)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

/** Once the queue of promises is empty, everything that follows from what was done has happened. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

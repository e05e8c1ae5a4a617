/** What is to happen, in the order of simulated time. As the mesh's, but synchronous: a core has no promises to wait for. */
interface TimedEvent {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export class RaftEventQueue {
  readonly #heap: TimedEvent[] = [];
  #nowMs = 0;
  #order = 0;
  #count = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Of those that have happened. */
  get count(): number {
    return this.#count;
  }

  after(ms: number, run: () => void): void {
    const event = { atMs: this.#nowMs + ms, order: this.#order++, run };
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

  /** Says whether there was one. */
  step(): boolean {
    const event = this.#pop();
    if (event === undefined) return false;
    this.#nowMs = event.atMs;
    this.#count += 1;
    event.run();
    return true;
  }

  #pop(): TimedEvent | undefined {
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

function isBefore(a: TimedEvent, b: TimedEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** What is to happen, in the order of simulated time; of the same moment, in the order in which it was asked for. */
interface Timed<T> {
  readonly atMs: number;
  readonly order: number;
  readonly item: T;
}

/** A binary heap. */
export class TimedQueue<T> {
  readonly #heap: Timed<T>[] = [];
  #nowMs = 0;
  #order = 0;

  /** When what was taken last was to happen. */
  get nowMs(): number {
    return this.#nowMs;
  }

  add(afterMs: number, item: T): void {
    const timed = { atMs: this.#nowMs + afterMs, order: this.#order++, item };
    const heap = this.#heap;
    let at = heap.push(timed) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isBefore(heap[parent]!, timed)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = timed;
  }

  /** The first, unless there is none. It is its time from now on, if `counts`. */
  take(counts: (item: T) => boolean = () => true): T | undefined {
    for (let first = this.#pop(); first !== undefined; first = this.#pop()) {
      if (!counts(first.item)) continue;
      this.#nowMs = first.atMs;
      return first.item;
    }
    return undefined;
  }

  #pop(): Timed<T> | undefined {
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

function isBefore(a: Timed<unknown>, b: Timed<unknown>): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** What is due first comes first: a binary heap. What is added twice comes out twice. */
interface Due<T> {
  readonly item: T;
  readonly atMs: number;
}

export class ExpiryQueue<T> {
  #heap: Due<T>[] = [];

  /** Infinity where there is nothing. */
  get firstAtMs(): number {
    return this.#heap[0]?.atMs ?? Infinity;
  }

  clear(): void {
    this.#heap = [];
  }

  add(item: T, atMs: number): void {
    const heap = this.#heap;
    const due = { item, atMs };
    let at = heap.length;
    heap.push(due);
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (heap[parent]!.atMs <= atMs) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = due;
  }

  /** There is one. */
  takeFirst(): T {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length > 0) this.#sink(last);
    return first.item;
  }

  /** Finds the place of what is to stand at the top. */
  #sink(due: Due<T>): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.atMs < heap[child]!.atMs) child++;
      if (heap[child]!.atMs >= due.atMs) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = due;
  }
}

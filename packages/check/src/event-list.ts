/**
 * The calls and returns of those operations that have no place in the order yet, by time, as a doubly linked list over
 * typed arrays: an operation is taken out and put back in constant time.
 *
 * Of n operations, that of index i has the events i + 1 (call) and n + i + 1 (return); 0 is both ends. At one time, calls
 * come before returns, which makes their operations concurrent.
 */
import { isOpen, type History } from "./history.ts";

const END = 0;

export class EventList {
  readonly #operationCount: number;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #isOpen: Uint8Array;
  readonly #returnRank: Int32Array;
  /** Operations that returned, in the list or not. */
  readonly returnCount: number;
  #awaitedCount = 0;

  constructor(history: History<unknown, unknown>) {
    this.#operationCount = history.length;
    this.#next = new Int32Array(2 * history.length + 1);
    this.#previous = new Int32Array(2 * history.length + 1);
    this.#isOpen = Uint8Array.from(history, (operation) => (isOpen(operation) ? 1 : 0));
    this.#returnRank = new Int32Array(history.length);
    let last = END;
    for (const event of eventsByTime(history)) {
      this.#join(last, event);
      if (!this.isCall(event)) this.#returnRank[this.operationOf(event)] = this.#awaitedCount++;
      last = event;
    }
    this.#join(last, END);
    this.returnCount = this.#awaitedCount;
  }

  /** Operations in the list that returned, hence need a place in the order. */
  get awaitedCount(): number {
    return this.#awaitedCount;
  }

  get first(): number {
    return this.#next[END]!;
  }

  after(event: number): number {
    return this.#next[event]!;
  }

  before(event: number): number {
    return this.#previous[event]!;
  }

  beforeCallOf(operation: number): number {
    return this.#previous[operation + 1]!;
  }

  afterCallOf(operation: number): number {
    return this.#next[operation + 1]!;
  }

  isCall(event: number): boolean {
    return event !== END && event <= this.#operationCount;
  }

  isOpen(operation: number): boolean {
    return this.#isOpen[operation] === 1;
  }

  operationOf(event: number): number {
    return event > this.#operationCount ? event - this.#operationCount - 1 : event - 1;
  }

  /** The operation that returns first of those in the list; it, or one called before that, is next in the order. */
  firstToReturn(): number {
    return this.operationOf(this.#firstReturn());
  }

  /** The last call before the first return. */
  lastCandidate(): number {
    return this.before(this.#firstReturn());
  }

  #firstReturn(): number {
    let event = this.first;
    while (this.isCall(event)) event = this.after(event);
    return event;
  }

  /** How many operations return before this one does, over the whole history. */
  returnRank(operation: number): number {
    return this.#returnRank[operation]!;
  }

  take(operation: number): void {
    this.#unlink(operation + 1);
    if (this.isOpen(operation)) return;
    this.#unlink(this.#operationCount + operation + 1);
    this.#awaitedCount -= 1;
  }

  /** Undoes the latest `take` that was not undone. */
  putBack(operation: number): void {
    if (!this.isOpen(operation)) {
      this.#relink(this.#operationCount + operation + 1);
      this.#awaitedCount += 1;
    }
    this.#relink(operation + 1);
  }

  #unlink(event: number): void {
    this.#join(this.#previous[event]!, this.#next[event]!);
  }

  /** An event keeps its neighbours while it is out. */
  #relink(event: number): void {
    this.#next[this.#previous[event]!] = event;
    this.#previous[this.#next[event]!] = event;
  }

  #join(before: number, after: number): void {
    this.#next[before] = after;
    this.#previous[after] = before;
  }
}

function eventsByTime(history: History<unknown, unknown>): Int32Array {
  const calls = history.map((_, index) => index + 1);
  const returns = history.flatMap((operation, index) =>
    isOpen(operation) ? [] : [history.length + index + 1],
  );
  const times = new Float64Array(2 * history.length + 1);
  for (const [index, { calledAt, returnedAt }] of history.entries()) {
    times[index + 1] = calledAt;
    times[history.length + index + 1] = returnedAt ?? Infinity;
  }
  // Calls have the smaller numbers: at one time they come first.
  return Int32Array.from([...calls, ...returns]).sort((a, b) => times[a]! - times[b]! || a - b);
}

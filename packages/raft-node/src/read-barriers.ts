/**
 * Reads that must not miss what was answered before they began (ReadIndex). All that come in one turn share one question to the
 * leader; each is answered once the machine has applied as far as the leader said.
 */
import { LatticeError } from "@lattice/model";
import { NOBODY, type LogIndex, type MemberId, type Raft, type ReadResult } from "@lattice/raft";
import { failure } from "./errors.ts";
import { WAITING_READS_MAX } from "./limits.ts";

export interface ReadBarriersOptions {
  readonly nowMs: () => number;
  readonly timeoutMs: number;
  /** How long after a leader was lost reads wait for the next one. */
  readonly patienceMs: number;
  readonly wake: () => void;
}

interface Barrier {
  readonly sinceMs: number;
  readonly resolve: () => void;
  readonly reject: (error: LatticeError) => void;
  isSettled: boolean;
}

export class ReadBarriers {
  readonly #options: ReadBarriersOptions;
  #queue: Barrier[] = [];
  /** What the leader was asked for, by the number of the question. */
  readonly #asked = new Map<number, readonly Barrier[]>();
  /** What waits for the machine. */
  #known: { readonly index: LogIndex; readonly barriers: readonly Barrier[] }[] = [];
  #waitingCount = 0;
  #leader: MemberId = NOBODY;
  #leaderLostAtMs = -Infinity;
  #isPaused = false;
  #closed: LatticeError | undefined;

  constructor(options: ReadBarriersOptions) {
    this.#options = options;
  }

  add(signal: AbortSignal | undefined): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    if (this.#waitingCount >= WAITING_READS_MAX) return Promise.reject(failure("too-many-requests"));
    return new Promise((resolve, reject) => {
      const onAbort = () => this.#reject(barrier, new LatticeError("cancelled", "nobody waits any more"));
      const settle = () => {
        barrier.isSettled = true;
        this.#waitingCount -= 1;
        signal?.removeEventListener("abort", onAbort);
      };
      const barrier: Barrier = {
        sinceMs: this.#options.nowMs(),
        isSettled: false,
        resolve: () => {
          settle();
          resolve();
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      this.#waitingCount += 1;
      this.#queue.push(barrier);
      if (signal?.aborted === true) onAbort();
      else signal?.addEventListener("abort", onAbort, { once: true });
      this.#options.wake();
    });
  }

  /** Asks for what waits. */
  flush(raft: Raft): void {
    this.#noteLeader(raft.leader);
    if (this.#queue.length === 0 || this.#isPaused) return;
    if (raft.leader === NOBODY) {
      this.#refuse(failure("no-leader"));
      return;
    }
    const barriers = this.#queue.filter(({ isSettled }) => !isSettled);
    this.#queue = [];
    if (barriers.length > 0) this.#asked.set(raft.readIndex().number, barriers);
  }

  answered(results: readonly ReadResult[], applied: LogIndex): void {
    for (const { read, index } of results) {
      const barriers = this.#asked.get(read.number);
      this.#asked.delete(read.number);
      if (barriers === undefined) continue;
      if (index !== undefined) this.#known.push({ index, barriers });
      else {
        // Nobody could say. It is asked again with the next tick, or when leaders change.
        this.#queue.push(...barriers);
        this.#isPaused = true;
      }
    }
    this.applied(applied);
  }

  /** The machine has applied that far. */
  applied(index: LogIndex): void {
    if (this.#known.length === 0) return;
    const ready = this.#known.filter((each) => each.index <= index);
    if (ready.length === 0) return;
    this.#known = this.#known.filter((each) => each.index > index);
    for (const { barriers } of ready) {
      for (const barrier of barriers) if (!barrier.isSettled) barrier.resolve();
    }
  }

  tick(): void {
    this.#isPaused = false;
    if (this.#queue.length > 0) this.#options.wake();
    const overdueMs = this.#options.nowMs() - this.#options.timeoutMs;
    for (const barrier of this.#all()) {
      if (barrier.sinceMs <= overdueMs) this.#reject(barrier, failure("timeout"));
    }
  }

  /** The Raft instance is gone, and with it what it was asked. */
  forgetAsked(): void {
    for (const barriers of this.#asked.values()) this.#queue.push(...barriers);
    this.#asked.clear();
  }

  close(why: LatticeError): void {
    this.#closed = why;
    for (const barrier of this.#all()) this.#reject(barrier, why);
    this.#queue = [];
    this.#asked.clear();
    this.#known = [];
  }

  reopen(): void {
    this.#closed = undefined;
  }

  *#all(): Iterable<Barrier> {
    yield* this.#queue;
    for (const barriers of this.#asked.values()) yield* barriers;
    for (const { barriers } of this.#known) yield* barriers;
  }

  #noteLeader(leader: MemberId): void {
    if (leader === this.#leader) return;
    if (leader === NOBODY) this.#leaderLostAtMs = this.#options.nowMs();
    this.#leader = leader;
    this.#isPaused = false;
  }

  #refuse(error: LatticeError): void {
    if (this.#options.nowMs() < this.#leaderLostAtMs + this.#options.patienceMs / 2) return;
    for (const barrier of this.#queue) this.#reject(barrier, error);
    this.#queue = [];
  }

  #reject(barrier: Barrier, error: LatticeError): void {
    if (!barrier.isSettled) barrier.reject(error);
  }
}

/**
 * What a session has to say, in the order in which it says it: control frames, then what was asked for, then the debt
 * of the frontiers, then what is new. Everything in it is bounded, since it holds positions in the log rather than
 * copies of it; a slow peer only makes its own positions lag.
 */
import { bytesKey, type IntentionId } from "@lattice/model";
import { chainsFrom, toBatches, withVouchers, type Batch, type Store, type Witnessed } from "@lattice/kernel";
import { toBatchFrame, type Frame } from "./frames.ts";
import type { Owed } from "./frontier.ts";
import { CONTROL_COUNT_MAX, ECHO_COUNT_MAX, SERVE_COUNT_MAX } from "./limits.ts";

interface Run {
  readonly fromWseq: number;
  readonly toWseq: number;
}

export class Outbox {
  readonly #store: Store;
  #control: Frame[] = [];
  #served: { ids: IntentionId[]; after: Frame | undefined }[] = [];
  #servedCount = 0;
  #debt: Iterator<Batch> | undefined;
  #serving: Iterator<Batch> | undefined;
  #servingAfter: Frame | undefined;
  /** What is live starts behind this place of the log; undefined until the session is that far. */
  #liveWseq: number | undefined;
  /** Parts of the log that came from the peer. */
  #runs: Run[] = [];
  readonly #echoes = new Set<string>();
  #wake: (() => void) | undefined;
  #closed = false;
  sentCount = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** False where the peer lets too many frames wait; then the session is not worth keeping. */
  say(frame: Frame): boolean {
    if (this.#control.length >= CONTROL_COUNT_MAX) return false;
    this.#control.push(frame);
    this.wake();
    return true;
  }

  /** Sends those that are held, and `after` behind them. */
  serve(ids: readonly IntentionId[], after?: Frame): void {
    const room = Math.max(0, SERVE_COUNT_MAX - this.#servedCount);
    const taken = ids.slice(0, room);
    this.#servedCount += taken.length;
    this.#served.push({ ids: taken, after });
    this.wake();
  }

  /** Sends what the frontiers explain, up to `untilWseq`, then says so and goes live from there. */
  payDebt(owed: readonly Owed[], untilWseq: number): void {
    this.#debt = toBatches(chainsFrom(this.#store.log, owed, untilWseq))[Symbol.iterator]();
    this.#liveWseq = untilWseq;
    this.wake();
  }

  goLive(fromWseq: number): void {
    this.#liveWseq = fromWseq;
    this.wake();
  }

  /** The peer sent these itself: a whole stretch of the log, or single ones. */
  noteRun(run: Run): void {
    if (run.toWseq >= run.fromWseq) this.#runs.push(run);
  }

  noteEcho(id: IntentionId): void {
    if (this.#echoes.size < ECHO_COUNT_MAX) this.#echoes.add(bytesKey(id));
  }

  /** Something may be there to be sent. */
  wake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  close(): void {
    this.#closed = true;
    this.wake();
  }

  /** Whether all that is durable has been sent. */
  get isIdle(): boolean {
    const isQuiet = this.#control.length === 0 && this.#served.length === 0 && this.#serving === undefined;
    return isQuiet && this.#debt === undefined && (this.#liveWseq ?? 0) >= this.#store.durableWseq;
  }

  /** The next frame; waits for one. undefined when closed. */
  async next(): Promise<Frame | undefined> {
    while (!this.#closed) {
      const frame = this.#take();
      if (frame !== undefined) return frame;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return undefined;
  }

  #take(): Frame | undefined {
    return this.#control.shift() ?? this.#takeServed() ?? this.#takeDebt() ?? this.#takeLive();
  }

  #takeServed(): Frame | undefined {
    for (;;) {
      if (this.#serving === undefined) {
        const request = this.#served.shift();
        if (request === undefined) return undefined;
        this.#servedCount -= request.ids.length;
        const records = withVouchers(this.#store.log, request.ids, this.#store.durableWseq);
        this.#serving = toBatches(records)[Symbol.iterator]();
        this.#servingAfter = request.after;
      }
      const batch = this.#serving.next();
      if (batch.done !== true) return this.#batchFrame(batch.value);
      this.#serving = undefined;
      if (this.#servingAfter !== undefined) return this.#servingAfter;
    }
  }

  #takeDebt(): Frame | undefined {
    if (this.#debt === undefined) return undefined;
    const batch = this.#debt.next();
    if (batch.done !== true) return this.#batchFrame(batch.value);
    this.#debt = undefined;
    return { oneofKind: "drained", drained: {} };
  }

  #takeLive(): Frame | undefined {
    if (this.#liveWseq === undefined) return undefined;
    const until = this.#store.durableWseq;
    this.#skipRuns(until);
    if (this.#liveWseq >= until) return undefined;
    for (const batch of toBatches(this.#fresh(this.#liveWseq + 1, until))) {
      this.#liveWseq = batch.lastWseq;
      return this.#batchFrame(batch);
    }
    this.#liveWseq = until;
    return undefined;
  }

  *#fresh(fromWseq: number, untilWseq: number): Iterable<Witnessed> {
    for (let wseq = fromWseq; wseq <= untilWseq; wseq++) {
      const run = this.#runs.find((candidate) => candidate.fromWseq <= wseq && wseq <= candidate.toWseq);
      if (run !== undefined) {
        wseq = run.toWseq;
        continue;
      }
      const witnessed = this.#store.log.at(wseq);
      if (!this.#echoes.delete(bytesKey(witnessed.intention.id))) yield witnessed;
    }
  }

  #skipRuns(until: number): void {
    this.#runs = this.#runs.filter((run) => {
      const isNext = run.fromWseq <= this.#liveWseq! + 1 && run.toWseq <= until;
      if (isNext) this.#liveWseq = Math.max(this.#liveWseq!, run.toWseq);
      return run.toWseq > this.#liveWseq!;
    });
  }

  #batchFrame(batch: Batch): Frame {
    this.sentCount += batch.items.length;
    return toBatchFrame(batch.items);
  }
}

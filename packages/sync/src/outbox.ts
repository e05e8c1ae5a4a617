/**
 * What a session has to say, in the order in which it says it: control frames, then what was asked for, then the debt
 * of the frontiers, then what is new, and the fingerprints last, since they are about all that was said before. Everything
 * in it is bounded, since it holds positions in the log rather than copies of it; a slow peer only makes its own
 * positions lag.
 */
import type { IntentionId } from "@lattice/model";
import { toBatches, type Batch, type Store, type Witnessed } from "@lattice/kernel";
import { owedRecords } from "./debt.ts";
import { toBatchFrame, type Frame } from "./frames.ts";
import type { Owed } from "./frontier.ts";
import { CONTROL_COUNT_MAX, SERVE_COUNT_MAX, SERVE_STEP_COUNT } from "./limits.ts";

interface Run {
  readonly fromWseq: number;
  toWseq: number;
}

export class Outbox {
  readonly #store: Store;
  #control: Frame[] = [];
  #served: { ids: IntentionId[]; after: Frame | undefined }[] = [];
  #servedCount = 0;
  #debt: Iterator<Batch> | undefined;
  /** How far the debt is paid. */
  #debtWseq = 0;
  #serving: Iterator<Batch> | undefined;
  #servingAfter: Frame | undefined;
  /** What is live starts behind this place of the log; undefined until the session is that far. */
  #liveWseq: number | undefined;
  /** Parts of the log that came from the peer, in the order of the log. */
  #runs: Run[] = [];
  /** A fingerprint that is due is sent once the log is durable up to here. */
  #questionWseq: number | undefined;
  #answerWseq: number | undefined;
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
    // Copies: an id of a frame would keep all of the frame.
    const taken = ids.slice(0, room).map((id) => new Uint8Array(id) as IntentionId);
    if (taken.length === 0 && after === undefined) return;
    this.#servedCount += taken.length;
    this.#served.push({ ids: taken, after });
    this.wake();
  }

  /** Sends what the frontiers explain, up to `untilWseq`, then says so and goes live from there. */
  payDebt(owed: readonly Owed[], untilWseq: number): void {
    this.#debt = toBatches(this.#store.log, owedRecords(this.#store.log, owed, untilWseq))[Symbol.iterator]();
    this.#liveWseq = untilWseq;
    this.wake();
  }

  goLive(fromWseq: number): void {
    this.#liveWseq = fromWseq;
    this.wake();
  }

  /**
   * The fingerprint, once all that is there to be sent has been: as a question, or as the answer to one. Asking twice
   * before it is sent is asking once.
   */
  sayFingerprint({ reply }: { reply: boolean }): void {
    const { wseq } = this.#store.log.head;
    if (reply) this.#questionWseq ??= wseq;
    else this.#answerWseq ??= wseq;
    this.wake();
  }

  /**
   * The peer sent this part of the log itself. To be told before the part is durable: from then on it would be sent.
   */
  noteRun({ fromWseq, toWseq }: Run): void {
    const last = this.#runs.at(-1);
    if (last?.toWseq === fromWseq - 1) last.toWseq = Math.max(last.toWseq, toWseq);
    else if (toWseq >= fromWseq) this.#runs.push({ fromWseq, toWseq });
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

  /** Places of the log that are yet to be looked at for this peer, of which it may have some already. */
  get unsentCount(): number {
    const sentWseq = this.#debt === undefined ? (this.#liveWseq ?? 0) : this.#debtWseq;
    return Math.max(0, this.#store.durableWseq - sentWseq);
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
    return (
      this.#control.shift() ??
      this.#takeServed() ??
      this.#takeDebt() ??
      this.#takeLive() ??
      this.#takeFingerprint()
    );
  }

  #takeServed(): Frame | undefined {
    for (;;) {
      if (this.#serving === undefined) {
        const request = this.#served.shift();
        if (request === undefined) return undefined;
        this.#servedCount -= request.ids.length;
        this.#serving = toBatches(this.#store.log, this.#held(request.ids))[Symbol.iterator]();
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
    if (batch.done !== true) {
      this.#debtWseq = batch.value.lastWseq;
      return this.#batchFrame(batch.value);
    }
    this.#debt = undefined;
    return { oneofKind: "drained", drained: {} };
  }

  #takeLive(): Frame | undefined {
    if (this.#liveWseq === undefined) return undefined;
    const until = this.#store.durableWseq;
    while (this.#runs.length > 0 && this.#runs[0]!.toWseq <= this.#liveWseq) this.#runs.shift();
    if (this.#liveWseq >= until) return undefined;
    for (const batch of toBatches(this.#store.log, this.#fresh(this.#liveWseq + 1, until))) {
      this.#liveWseq = batch.lastWseq;
      return this.#batchFrame(batch);
    }
    this.#liveWseq = until;
    return undefined;
  }

  #takeFingerprint(): Frame | undefined {
    const { head } = this.#store.log;
    // What was not durable when the fingerprint was asked for may have been taken back.
    const isDue = (wseq: number | undefined) =>
      wseq !== undefined && this.#store.durableWseq >= Math.min(wseq, head.wseq);
    const reply = isDue(this.#questionWseq);
    if (!reply && !isDue(this.#answerWseq)) return undefined;
    if (reply) this.#questionWseq = undefined;
    else this.#answerWseq = undefined;
    return { oneofKind: "fingerprint", fingerprint: { fingerprint: head.setSum.encode(), reply } };
  }

  /** Of the part of the log that is durable, without what the peer sent. */
  *#fresh(fromWseq: number, untilWseq: number): Iterable<Witnessed> {
    let runAt = 0;
    for (let wseq = fromWseq; wseq <= untilWseq; wseq++) {
      while (runAt < this.#runs.length && this.#runs[runAt]!.toWseq < wseq) runAt++;
      const run = this.#runs[runAt];
      if (run !== undefined && run.fromWseq <= wseq) wseq = run.toWseq;
      else yield this.#store.log.at(wseq);
    }
  }

  /** Those of `ids` that are held and durable; a step at a time, as they are sent. */
  *#held(ids: readonly IntentionId[]): Iterable<Witnessed> {
    const { log } = this.#store;
    for (let at = 0; at < ids.length; at += SERVE_STEP_COUNT) {
      const places = ids.slice(at, at + SERVE_STEP_COUNT).flatMap((id) => log.wseqOf(id) ?? []);
      const wseqs = new Set(places.filter((wseq) => wseq <= this.#store.durableWseq));
      for (const wseq of [...wseqs].sort((a, b) => a - b)) yield log.at(wseq);
    }
  }

  #batchFrame(batch: Batch): Frame {
    this.sentCount += batch.items.length;
    return toBatchFrame(batch.items);
  }
}

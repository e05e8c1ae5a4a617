/**
 * How a leader knows that it still leads: a round is confirmed once a majority has answered something that was sent in it
 * or later. Reads wait for a round that began after them (ReadIndex, Raft thesis §6.4); a lease runs from the moment at
 * which the last confirmed round began (§6.4.1).
 */
import type { LogIndex, MemberId } from "./ids.ts";
import type { ReadId } from "./message.ts";

export interface WaitingRead {
  readonly from: MemberId;
  readonly read: ReadId;
  /** The first round that proves enough. */
  readonly round: number;
  /** What was committed then; undefined where the leader did not know yet, having committed nothing in its term. */
  index: LogIndex | undefined;
}

export class Rounds {
  #current = 0;
  #isWanted = false;
  #waiting: WaitingRead[] = [];
  /** When the rounds began that are not confirmed, and the last that is. */
  #began: { readonly round: number; readonly atMs: number }[] = [];

  get current(): number {
    return this.#current;
  }

  /** A read waits for a round that has not begun. */
  get isWanted(): boolean {
    return this.#isWanted;
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  begin(nowMs: number): void {
    this.#current += 1;
    this.#isWanted = false;
    this.#began.push({ round: this.#current, atMs: nowMs });
  }

  ask(from: MemberId, read: ReadId, index: LogIndex | undefined): void {
    this.#isWanted = true;
    this.#waiting.push({ from, read, round: this.#current + 1, index });
  }

  /** From now on the leader knows what is committed. */
  nameIndex(index: LogIndex): void {
    for (const read of this.#waiting) read.index ??= index;
  }

  /** Takes out the reads that are settled by a confirmed round. */
  take(confirmed: number): WaitingRead[] {
    if (this.#waiting.length === 0) return [];
    const settled = this.#waiting.filter(({ round, index }) => round <= confirmed && index !== undefined);
    if (settled.length > 0) {
      this.#waiting = this.#waiting.filter(({ round, index }) => round > confirmed || index === undefined);
    }
    return settled;
  }

  /** What is known of rounds before the last confirmed one is of no use. */
  forget(confirmed: number): void {
    while (this.#began.length > 1 && this.#began[1]!.round <= confirmed) this.#began.shift();
  }

  /** When the last round began that is confirmed. */
  confirmedBeganAt(confirmed: number): number {
    this.forget(confirmed);
    const first = this.#began[0];
    return first !== undefined && first.round <= confirmed ? first.atMs : -Infinity;
  }

  takeAll(): WaitingRead[] {
    const all = this.#waiting;
    this.#waiting = [];
    return all;
  }

  describe(): unknown {
    const current = this.#current;
    return { current, isWanted: this.#isWanted, waiting: this.#waiting, began: this.#began };
  }

  clone(): Rounds {
    const copy = new Rounds();
    copy.#current = this.#current;
    copy.#isWanted = this.#isWanted;
    copy.#waiting = this.#waiting.map((read) => ({ ...read }));
    copy.#began = [...this.#began];
    return copy;
  }
}

/**
 * Writes that the disk was asked for and has not confirmed. How far a write reaches shrinks when something below is cut off
 * meanwhile: that it is done says nothing about what was written in its place by a later one.
 */
import { minIndex, NO_INDEX, type LogIndex } from "./ids.ts";
import type { HardState } from "./storage.ts";

interface PendingWrite {
  readonly id: number;
  /** The log was on the disk up to here when it was done, as far as it is still the same log. */
  last: LogIndex;
  readonly hardState: HardState | undefined;
}

export class PendingWrites {
  #pending: PendingWrite[] = [];
  #lastId = 0;

  get lastId(): number {
    return this.#lastId;
  }

  get isEmpty(): boolean {
    return this.#pending.length === 0;
  }

  add(last: LogIndex, hardState: HardState | undefined): void {
    this.#lastId += 1;
    this.#pending.push({ id: this.#lastId, last, hardState });
  }

  /** What stood behind `index` is not what earlier writes wrote there. */
  cutOff(index: LogIndex): void {
    for (const write of this.#pending) write.last = minIndex(write.last, index);
  }

  finish(id: number): { stable: LogIndex; hardState: HardState | undefined } {
    let stable = NO_INDEX;
    let hardState: HardState | undefined;
    while (this.#pending.length > 0 && this.#pending[0]!.id <= id) {
      const write = this.#pending.shift()!;
      // A later one knows better: what it cut off is gone.
      stable = write.last;
      hardState = write.hardState ?? hardState;
    }
    return { stable, hardState };
  }

  /** Without the ids: which write is which shows in the order. */
  describe(): unknown {
    return this.#pending.map(({ last, hardState }) => ({ last, hardState }));
  }

  clone(): PendingWrites {
    const copy = new PendingWrites();
    copy.#pending = this.#pending.map((write) => ({ ...write }));
    copy.#lastId = this.#lastId;
    return copy;
  }
}

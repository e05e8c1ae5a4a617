/**
 * Where a search could not go on: kept are the ends that reached furthest, by the return at which they stand, and of these
 * a few with different states. Orders are copied only for what is kept, as there can be millions of ends.
 */
import { assert } from "@lattice/model";
import type { Lanes } from "./hasher.ts";
import { ENDINGS_MAX } from "./limits.ts";

interface Ending {
  readonly state: Lanes;
  /** Placed operations that returned, and those of unknown outcome. */
  readonly answeredCount: number;
  readonly openCount: number;
  readonly order: readonly number[];
}

interface DeadEnd extends Omit<Ending, "order"> {
  /** The operation that returns first of those without a place, and how many return before it in the whole history. */
  readonly stuck: number;
  readonly returnRank: number;
  order(): readonly number[];
}

export class DeadEnds {
  #stuck: Pick<DeadEnd, "stuck" | "returnRank"> | undefined;
  #endings: Ending[] = [];

  note(end: DeadEnd): void {
    const { stuck, returnRank } = end;
    if (this.#stuck === undefined || returnRank > this.#stuck.returnRank) {
      this.#stuck = { stuck, returnRank };
      this.#endings = [];
    }
    if (returnRank === this.#stuck.returnRank) this.#keep(end);
  }

  /** First the order that explains most answers, with the fewest operations of unknown outcome. */
  furthest(): { readonly stuck: number; readonly endings: readonly (readonly number[])[] } {
    assert(this.#stuck !== undefined, "a search that failed met a dead end");
    const endings = this.#endings.toSorted(byWorth).map(({ order }) => order);
    return { stuck: this.#stuck.stuck, endings };
  }

  #keep(end: DeadEnd): void {
    const { high, low } = end.state;
    const known = this.#endings.findIndex(({ state }) => state.high === high && state.low === low);
    if (known === -1 && this.#endings.length === ENDINGS_MAX) return;
    if (known !== -1 && byWorth(end, this.#endings[known]!) >= 0) return;
    const ending = { ...end, state: { high, low }, order: end.order() };
    if (known === -1) this.#endings.push(ending);
    else this.#endings[known] = ending;
  }
}

type Worth = Pick<Ending, "answeredCount" | "openCount">;

function byWorth(a: Worth, b: Worth): number {
  return b.answeredCount - a.answeredCount || a.openCount - b.openCount;
}

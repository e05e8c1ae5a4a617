/**
 * What the frontiers explain, record by record: the chains of several authors, merged in the order of the log. Driver's
 * own reader of the log.
 *
 * It is read a batch at a time while the log grows, so it keeps places in the log and no range of a table open.
 */
import type { PubKey } from "@lattice/model";
import type { Witnessed, WitnessLog } from "@lattice/kernel";
import type { Owed } from "./frontier.ts";
import { DEBT_PLACES_MAX, DEBT_STEP_COUNT } from "./limits.ts";

/** Up to `untilWseq`. What came out of order, as the branches of a fork may, stays in it within each step. */
export function* owedRecords(log: WitnessLog, owed: readonly Owed[], untilWseq: number): Iterable<Witnessed> {
  const stepCount = Math.max(1, Math.min(DEBT_STEP_COUNT, Math.floor(DEBT_PLACES_MAX / owed.length)));
  // The next one is at the end.
  const chains = owed
    .map((start) => new Chain(log, start, { untilWseq, stepCount }))
    .filter((chain) => chain.nextWseq !== undefined)
    .toSorted((a, b) => b.nextWseq! - a.nextWseq!);
  for (let chain = chains.pop(); chain !== undefined; chain = chains.pop()) {
    yield log.at(chain.nextWseq!);
    chain.advance();
    if (chain.nextWseq !== undefined) chains.splice(placeOf(chains, chain.nextWseq), 0, chain);
  }
}

/** Where in a list from the latest to the earliest. */
function placeOf(chains: readonly Chain[], wseq: number): number {
  let low = 0;
  let high = chains.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (chains[middle]!.nextWseq! > wseq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** One author's, of which the places of a few are known. */
class Chain {
  readonly #log: WitnessLog;
  readonly #author: PubKey;
  readonly #limits: { readonly untilWseq: number; readonly stepCount: number };
  #lastSeq: number;
  /** 0: nothing of `#lastSeq` was taken yet. */
  #lastWseq = 0;
  #places: number[] = [];

  constructor(log: WitnessLog, start: Owed, limits: { untilWseq: number; stepCount: number }) {
    this.#log = log;
    this.#author = start.author;
    this.#lastSeq = start.fromSeq;
    this.#limits = limits;
    this.#step();
  }

  get nextWseq(): number | undefined {
    return this.#places.at(-1);
  }

  advance(): void {
    this.#places.pop();
    if (this.#places.length === 0) this.#step();
  }

  #step(): void {
    for (const { seq, wseq } of this.#log.chain(this.#author, this.#lastSeq)) {
      if (seq === this.#lastSeq && wseq <= this.#lastWseq) continue;
      this.#lastSeq = seq;
      this.#lastWseq = wseq;
      if (wseq <= this.#limits.untilWseq) this.#places.push(wseq);
      if (this.#places.length === this.#limits.stepCount) break;
    }
    this.#places.sort((a, b) => b - a);
  }
}

/**
 * The search for a linearization of one partition: the algorithm of Wing & Gong (1993) with the memo of Lowe (2017). Core.
 *
 * A *configuration* is a set of placed operations and the state after them. From one, any operation can be placed next that
 * was called before all others returned, if the model allows its result; the search goes depth first, and turns back where
 * it has been before. It ends well when no operation that returned is left.
 *
 * Beyond the papers
 *  1. A read-only operation is placed as soon as it fits, and no alternative is tried. Whatever order exists, moving the
 *     operation forward to this place keeps it valid: all that was called before it still comes before what returned
 *     before, and no state changes.
 *  2. An open operation that changes nothing here is not placed here: it need not have any place.
 *  3. An open operation is not placed directly before one after which it makes no difference, such as a write before
 *     another write. Without it, the search comes to the same state, and still has it to place.
 *  4. The set of placed operations is known by the XOR of a random word for each of them (Zobrist 1970), so a configuration
 *     is looked up in constant time, however long the history.
 *
 * Invariants
 *  1. `#placements` holds what is placed, in order; taking the latest back restores list, words and state.
 *  2. A configuration is entered once, except by read-only placements, each of which is the only way on from its
 *     configuration.
 *
 * A violation. Let R be the first return left in the list. `stuck` is the operation of the greatest R ever reached: the
 * history up to just before R is linearizable (what had not returned may be left out), and up to and including R it is not.
 */
import type { Budget, Exhausted } from "./budget.ts";
import { DeadEnds } from "./dead-ends.ts";
import { EventList } from "./event-list.ts";
import { Hasher, type Lanes } from "./hasher.ts";
import type { History } from "./history.ts";
import type { Defined, Model } from "./model.ts";
import { PlacedWords } from "./placed-words.ts";
import { VisitedSet } from "./visited-set.ts";

export type SearchOutcome =
  | { readonly verdict: "linearizable"; readonly order: readonly number[]; readonly steps: number }
  | {
      readonly verdict: "violation";
      readonly stuck: number;
      /** Orders after which `stuck` has no place, each with another state: first that which explains most. A selection. */
      readonly endings: readonly (readonly number[])[];
      readonly steps: number;
    }
  | { readonly verdict: "unknown"; readonly exhausted: Exhausted; readonly steps: number };

export function searchLinearization<State extends Defined, Op, Result>(
  model: Model<State, Op, Result>,
  history: History<Op, Result>,
  budget: Budget,
): SearchOutcome {
  return new Search(model, history, budget).run();
}

/** A state with its hash. */
interface Hashed<State> extends Lanes {
  readonly state: State;
}

interface Placement<State> {
  readonly operation: number;
  readonly before: Hashed<State>;
  /** Whether nothing else needs to be tried in its stead. */
  readonly isForced: boolean;
}

class Search<State extends Defined, Op, Result> {
  readonly #model: Model<State, Op, Result>;
  readonly #history: History<Op, Result>;
  readonly #budget: Budget;
  readonly #list: EventList;
  readonly #isReadOnly: Uint8Array;
  readonly #visited = new VisitedSet();
  readonly #hasher = new Hasher();
  readonly #words: PlacedWords;
  readonly #deadEnds = new DeadEnds();
  readonly #placements: Placement<State>[] = [];
  #now: Hashed<State>;
  #steps = 0;

  constructor(model: Model<State, Op, Result>, history: History<Op, Result>, budget: Budget) {
    this.#model = model;
    this.#history = history;
    this.#budget = budget;
    this.#list = new EventList(history);
    this.#isReadOnly = Uint8Array.from(history, ({ op, result }) =>
      model.isReadOnly?.(op, result) === true ? 1 : 0,
    );
    this.#words = new PlacedWords(history.length);
    this.#now = this.#hashed(model.init());
  }

  run(): SearchOutcome {
    for (;;) {
      if (this.#list.awaitedCount === 0)
        return this.#finish({ verdict: "linearizable", order: this.#order() });
      const exhausted = this.#budget.exhausted({
        steps: this.#steps,
        configurations: this.#visited.count,
      });
      if (exhausted !== undefined) return this.#finish({ verdict: "unknown", exhausted });
      if (this.#placeReadOnly() || this.#placeAny()) continue;
      this.#noteDeadEnd();
      if (!this.#turnBack()) return this.#finish({ verdict: "violation", ...this.#deadEnds.furthest() });
    }
  }

  #finish<Outcome>(outcome: Outcome): Outcome & { readonly steps: number } {
    return { ...outcome, steps: this.#steps };
  }

  #order(): number[] {
    return this.#placements.map(({ operation }) => operation);
  }

  /** Places a read-only operation that fits, if there is one. */
  #placeReadOnly(): boolean {
    const list = this.#list;
    for (let event = list.first; list.isCall(event); event = list.after(event)) {
      const operation = list.operationOf(event);
      if (this.#isReadOnly[operation] === 0 || list.isOpen(operation)) continue;
      if (this.#step(operation) === undefined) continue;
      this.#place(operation, { after: this.#now, isForced: true });
      return true;
    }
    return false;
  }

  #placeAny(from = this.#list.first): boolean {
    return this.#placeAnswered(from) || this.#placeOpen(this.#list.lastCandidate());
  }

  /** Places the first answered operation, from this event on, that leads to where the search has not been. */
  #placeAnswered(from: number): boolean {
    const list = this.#list;
    for (let event = from; list.isCall(event); event = list.after(event)) {
      const operation = list.operationOf(event);
      if (!list.isOpen(operation) && this.#maybePlace(operation)) return true;
    }
    return false;
  }

  /** The same of open operations, the latest first: most of what takes effect at all does so soon. */
  #placeOpen(from: number): boolean {
    const list = this.#list;
    for (let event = from; list.isCall(event); event = list.before(event)) {
      const operation = list.operationOf(event);
      if (list.isOpen(operation) && this.#maybePlace(operation)) return true;
    }
    return false;
  }

  #maybePlace(operation: number): boolean {
    // A read-only one that fits has been placed before.
    if (this.#isReadOnly[operation] === 1) return false;
    const state = this.#step(operation);
    if (state === undefined) return false;
    const after = this.#hashed(state);
    if (this.#list.isOpen(operation) && isSame(after, this.#now)) return false;
    if (this.#isLatestInVain(operation, after)) return false;
    const high = this.#words.highWith(operation, after);
    if (!this.#visited.add(high, this.#words.lowWith(operation, after))) return false;
    this.#place(operation, { after, isForced: false });
    return true;
  }

  /** Rule 3. */
  #isLatestInVain(operation: number, after: Lanes): boolean {
    const latest = this.#placements.at(-1);
    if (latest === undefined || !this.#list.isOpen(latest.operation)) return false;
    const without = this.#step(operation, latest.before.state);
    return without !== undefined && isSame(this.#hashed(without), after);
  }

  #noteDeadEnd(): void {
    const stuck = this.#list.firstToReturn();
    const answeredCount = this.#list.returnCount - this.#list.awaitedCount;
    this.#deadEnds.note({
      stuck,
      returnRank: this.#list.returnRank(stuck),
      state: this.#now,
      answeredCount,
      openCount: this.#placements.length - answeredCount,
      order: () => this.#order(),
    });
  }

  /** Takes back the latest placements until another one can be made. False where nothing is left to try. */
  #turnBack(): boolean {
    for (;;) {
      const latest = this.#placements.pop();
      if (latest === undefined) return false;
      this.#list.putBack(latest.operation);
      this.#words.toggle(latest.operation);
      this.#now = latest.before;
      if (latest.isForced) continue;
      if (this.#placeInstead(latest.operation)) return true;
      this.#noteDeadEnd();
    }
  }

  /** What `placeAny` would have placed next. */
  #placeInstead(operation: number): boolean {
    if (this.#list.isOpen(operation)) return this.#placeOpen(this.#list.beforeCallOf(operation));
    return this.#placeAny(this.#list.afterCallOf(operation));
  }

  #step(operation: number, state = this.#now.state): State | undefined {
    const { op, result } = this.#history[operation]!;
    this.#steps += 1;
    return this.#model.step(state, op, result);
  }

  #place(operation: number, { after, isForced }: { after: Hashed<State>; isForced: boolean }): void {
    this.#placements.push({ operation, before: this.#now, isForced });
    this.#list.take(operation);
    this.#words.toggle(operation);
    this.#now = after;
  }

  #hashed(state: State): Hashed<State> {
    const hasher = this.#hasher.reset();
    this.#model.hash(state, hasher);
    return { state, high: hasher.high, low: hasher.low };
  }
}

function isSame(a: Lanes, b: Lanes): boolean {
  return a.high === b.high && a.low === b.low;
}

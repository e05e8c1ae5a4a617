import { assert, compareBytes, idHash, SetSum, type IntentionId } from "@lattice/model";
import { isBelow, type Bound } from "./bound.ts";
import type { ItemSource } from "./item-source.ts";

/** A set of ids in memory, for tests and for sets that are small anyway: `sum` is a scan. */
export class SortedItems implements ItemSource {
  readonly #ids: readonly IntentionId[];

  /** In any order; no id twice. */
  constructor(ids: Iterable<IntentionId>) {
    this.#ids = [...ids].sort(compareBytes);
    for (let at = 1; at < this.#ids.length; at++) {
      assert(isBelow(this.#ids[at - 1]!, this.#ids[at]!), "a set holds no id twice");
    }
  }

  sum(from: Bound, to: Bound): SetSum {
    const sum = new SetSum();
    for (const id of this.ids(from, to)) sum.add(idHash(id));
    return sum;
  }

  nth(from: Bound, to: Bound, index: number): IntentionId | undefined {
    const at = this.#lowest(from) + index;
    return at < this.#end(to) ? this.#ids[at] : undefined;
  }

  *ids(from: Bound, to: Bound): Iterable<IntentionId> {
    const end = this.#end(to);
    for (let at = this.#lowest(from); at < end; at++) yield this.#ids[at]!;
  }

  #end(to: Bound): number {
    return to === undefined ? this.#ids.length : this.#lowest(to);
  }

  /** The index of the first id that is not below `bound`. */
  #lowest(bound: Bound): number {
    if (bound === undefined) return 0;
    let low = 0;
    let high = this.#ids.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBelow(this.#ids[middle]!, bound)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

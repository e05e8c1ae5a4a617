/**
 * A map whose keys can be walked in order. Keys are byte strings as text (`bytesKey`), so the order of the
 * text is that of the bytes.
 *
 * Look-ups and changes go to a hash map and cost the same at any size. The sorted list of keys is brought
 * up to date only when a range asks for it: a few changes are put in place one by one, many are merged in.
 * A write load that never asks for a range never sorts.
 *
 * Invariants:
 * 1. The keys of the map are those of `#sorted` without `#removed`, and those of `#added`; none is in both.
 */
import { assert } from "@lattice/model";
import type { KeyBounds } from "./key-bounds.ts";

/** Up to this many changes, moving the tail of an array is cheaper than rebuilding it. */
const ONE_BY_ONE_COUNT_MAX = 24;

export class SortedMap<V> {
  readonly #values = new Map<string, V>();
  #sorted: string[] = [];
  readonly #added = new Set<string>();
  readonly #removed = new Set<string>();
  #changes = 0;

  get size(): number {
    return this.#values.size;
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  set(key: string, value: V): void {
    this.#changes += 1;
    const before = this.#values.size;
    this.#values.set(key, value);
    if (this.#values.size > before) this.#added.add(key);
  }

  delete(key: string): boolean {
    if (!this.#values.delete(key)) return false;
    this.#changes += 1;
    if (!this.#added.delete(key)) this.#removed.add(key);
    return true;
  }

  /** What an undo log does: `undefined` stands for "was not there". */
  restore(key: string, before: V | undefined): void {
    if (before === undefined) this.delete(key);
    else this.set(key, before);
  }

  /** In no order. */
  values(): IterableIterator<V> {
    return this.#values.values();
  }

  /** All of it, in no order. */
  unordered(): IterableIterator<[key: string, value: V]> {
    return this.#values.entries();
  }

  /** All of it, in order. */
  *entries(): Generator<[key: string, value: V]> {
    yield* this.range({
      lower: undefined,
      lowerIncluded: true,
      upper: undefined,
      upperIncluded: true,
      reverse: false,
    });
  }

  /** Throws when it is continued after a change to the map. */
  *range(bounds: KeyBounds): Generator<[key: string, value: V]> {
    this.#settle();
    const changes = this.#changes;
    const sorted = this.#sorted;
    const from = bounds.lower === undefined ? 0 : position(sorted, bounds.lower, !bounds.lowerIncluded);
    const to =
      bounds.upper === undefined ? sorted.length : position(sorted, bounds.upper, bounds.upperIncluded);
    const step = bounds.reverse ? -1 : 1;
    for (let left = to - from, at = bounds.reverse ? to - 1 : from; left > 0; left--, at += step) {
      const key = sorted[at]!;
      yield [key, this.#values.get(key)!];
      assert(changes === this.#changes, "a range is not continued after a write to its table");
    }
  }

  #settle(): void {
    const changed = this.#added.size + this.#removed.size;
    if (changed === 0) return;
    if (changed <= ONE_BY_ONE_COUNT_MAX) this.#settleOneByOne();
    else this.#settleByMerging();
    this.#added.clear();
    this.#removed.clear();
  }

  #settleOneByOne(): void {
    for (const key of this.#removed) this.#sorted.splice(position(this.#sorted, key, false), 1);
    for (const key of this.#added) {
      const at = position(this.#sorted, key, false);
      if (at === this.#sorted.length) this.#sorted.push(key);
      else this.#sorted.splice(at, 0, key);
    }
  }

  #settleByMerging(): void {
    const added = [...this.#added].sort(compareText);
    const merged: string[] = [];
    let next = 0;
    for (const key of this.#sorted) {
      if (this.#removed.has(key)) continue;
      while (next < added.length && added[next]! < key) merged.push(added[next++]!);
      merged.push(key);
    }
    while (next < added.length) merged.push(added[next++]!);
    this.#sorted = merged;
  }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Index of the first key that is not less than `key`, or, with `after`, of the first that is greater. */
function position(sorted: readonly string[], key: string, after: boolean): number {
  let low = 0;
  let high = sorted.length;
  const last = sorted[high - 1];
  if (last === undefined || last < key) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = sorted[middle]!;
    if (at < key || (after && at === key)) low = middle + 1;
    else high = middle;
  }
  return low;
}

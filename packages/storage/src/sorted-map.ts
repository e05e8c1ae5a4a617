/**
 * A map whose keys can be walked in order. Keys are byte strings as text (`bytesKey`), so the order of the
 * text is that of the bytes.
 *
 * Look-ups and changes go to a hash map and cost the same at any size. The sorted keys are brought up to date
 * only when a range asks for them: a few changes are put in place one by one, many are merged in.
 * A write load that never asks for a range never sorts.
 *
 * Invariants:
 * 1. The keys of the map are those of `#sorted` without `#removed`, and those of `#added`; none is in both.
 */
import { assert } from "@lattice/model";
import type { KeyBounds } from "./key-bounds.ts";
import { SortedKeys } from "./sorted-keys.ts";

export class SortedMap<V> {
  readonly #values = new Map<string, V>();
  readonly #sorted = new SortedKeys();
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
    for (const run of this.#sorted.runs(bounds)) {
      for (const key of run) {
        yield [key, this.#values.get(key)!];
        assert(changes === this.#changes, "a range is not continued after a write to its table");
      }
    }
  }

  #settle(): void {
    if (this.#added.size + this.#removed.size === 0) return;
    this.#sorted.change(this.#added, this.#removed);
    this.#added.clear();
    this.#removed.clear();
  }
}

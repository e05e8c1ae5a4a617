/**
 * Which of many ranges of keys a key lies in. Ranges that are equal share a place, since many clients watch the same.
 *
 * Single keys are found by a map. The others lie in an array in the order of their beginnings, read as a balanced tree in
 * which each place knows the furthest end below it; it is made anew by the first search after a change. So a search takes
 * the logarithm of their number and what is found, and a change costs nothing until then.
 */
import { bytesKey, compareBytes } from "@lattice/model";

/** `end` undefined: the key alone. Empty: everything from the key on. */
export interface KeyRange {
  readonly key: Uint8Array;
  readonly end: Uint8Array | undefined;
}

interface Place<T> {
  readonly begin: Uint8Array;
  /** Empty: there is none. */
  readonly end: Uint8Array;
  readonly members: Set<T>;
}

interface Node<T> {
  readonly place: Place<T>;
  /** The furthest of the ends in its subtree; empty for none at all. */
  furthest: Uint8Array;
}

export class RangeIndex<T> {
  readonly #single = new Map<string, Set<T>>();
  readonly #places = new Map<string, Place<T>>();
  #tree: Node<T>[] | undefined;

  add(range: KeyRange, member: T): void {
    if (range.end === undefined) {
      const key = bytesKey(range.key);
      const members = this.#single.get(key);
      if (members === undefined) this.#single.set(key, new Set([member]));
      else members.add(member);
      return;
    }
    const name = placeName(range.key, range.end);
    const place = this.#places.get(name);
    if (place !== undefined) place.members.add(member);
    else {
      this.#places.set(name, { begin: range.key, end: range.end, members: new Set([member]) });
      this.#tree = undefined;
    }
  }

  delete(range: KeyRange, member: T): void {
    if (range.end === undefined) {
      const key = bytesKey(range.key);
      const members = this.#single.get(key);
      members?.delete(member);
      if (members?.size === 0) this.#single.delete(key);
      return;
    }
    const name = placeName(range.key, range.end);
    const place = this.#places.get(name);
    place?.members.delete(member);
    if (place?.members.size !== 0) return;
    this.#places.delete(name);
    this.#tree = undefined;
  }

  get isEmpty(): boolean {
    return this.#single.size === 0 && this.#places.size === 0;
  }

  /** Whose range the key lies in; each once. */
  forEachAt(key: Uint8Array, visit: (member: T) => void): void {
    if (this.#single.size > 0) this.#single.get(bytesKey(key))?.forEach(visit);
    if (this.#places.size === 0) return;
    this.#tree ??= this.#build();
    this.#search(this.#tree, { from: 0, to: this.#tree.length, key, visit });
  }

  /** Everybody, to be read before anything changes. */
  *[Symbol.iterator](): Iterator<T> {
    for (const members of this.#single.values()) yield* members;
    for (const { members } of this.#places.values()) yield* members;
  }

  #build(): Node<T>[] {
    const places = [...this.#places.values()].sort((a, b) => compareBytes(a.begin, b.begin));
    const tree = places.map((place) => ({ place, furthest: place.end }));
    widen(tree, 0, tree.length);
    return tree;
  }

  #search(tree: readonly Node<T>[], search: Search<T>): void {
    const { from, to, key, visit } = search;
    if (from >= to) return;
    const middle = (from + to) >>> 1;
    const { place, furthest } = tree[middle]!;
    if (!isBefore(key, furthest)) return;
    this.#search(tree, { ...search, to: middle });
    if (compareBytes(place.begin, key) > 0) return;
    if (isBefore(key, place.end)) place.members.forEach(visit);
    this.#search(tree, { ...search, from: middle + 1 });
  }
}

interface Search<T> {
  readonly from: number;
  readonly to: number;
  readonly key: Uint8Array;
  readonly visit: (member: T) => void;
}

/** Gives each node of the subtree its furthest end, and that of the root. */
function widen<T>(tree: readonly Node<T>[], from: number, to: number): Uint8Array | undefined {
  if (from >= to) return undefined;
  const middle = (from + to) >>> 1;
  const node = tree[middle]!;
  for (const end of [widen(tree, from, middle), widen(tree, middle + 1, to)]) {
    if (end !== undefined && isBeyond(end, node.furthest)) node.furthest = end;
  }
  return node.furthest;
}

function isBeyond(a: Uint8Array, b: Uint8Array): boolean {
  if (b.length === 0) return false;
  return a.length === 0 || compareBytes(a, b) > 0;
}

function isBefore(key: Uint8Array, end: Uint8Array): boolean {
  return end.length === 0 || compareBytes(key, end) < 0;
}

function placeName(begin: Uint8Array, end: Uint8Array): string {
  return `${begin.length}:${bytesKey(begin)}${bytesKey(end)}`;
}

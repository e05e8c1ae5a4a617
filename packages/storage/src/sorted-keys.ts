/**
 * Keys in order, in chunks, so that putting one in place moves but its chunk.
 *
 * Invariants:
 * 1. No chunk is empty or longer than CHUNK_LENGTH_MAX; keys ascend within chunks and from one to the next.
 */
import type { KeyBounds } from "./key-bounds.ts";

const CHUNK_LENGTH_MAX = 512;
/** If more than one in so many changes, building all anew is cheaper than putting each in its place. */
const REBUILD_RATIO = 16;

export class SortedKeys {
  #chunks: string[][] = [];
  #length = 0;

  /** `added` are not in it, `removed` are. */
  change(added: ReadonlySet<string>, removed: ReadonlySet<string>): void {
    if ((added.size + removed.size) * REBUILD_RATIO > this.#length) this.#rebuild(added, removed);
    else {
      for (const key of removed) this.#remove(key);
      for (const key of added) this.#add(key);
    }
    this.#length += added.size - removed.size;
  }

  /** Runs of keys, in the order that the bounds ask for. */
  *runs({ lower, lowerIncluded, upper, upperIncluded, reverse }: KeyBounds): Generator<readonly string[]> {
    const chunks = this.#chunks;
    const first = lower === undefined ? 0 : this.#chunkOf(lower);
    const last = upper === undefined ? chunks.length - 1 : Math.min(this.#chunkOf(upper), chunks.length - 1);
    for (let step = 0; step <= last - first; step++) {
      const at = reverse ? last - step : first + step;
      const chunk = chunks[at]!;
      const from = at === first && lower !== undefined ? position(chunk, lower, !lowerIncluded) : 0;
      const to = at === last && upper !== undefined ? position(chunk, upper, upperIncluded) : chunk.length;
      const run = from === 0 && to === chunk.length ? chunk : chunk.slice(from, to);
      yield reverse ? run.toReversed() : run;
    }
  }

  /** The first one that does not end below `key`; their number where all do. */
  #chunkOf(key: string): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#chunks[middle]!.at(-1)! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #add(key: string): void {
    const at = Math.min(this.#chunkOf(key), this.#chunks.length - 1);
    const chunk = this.#chunks[at]!;
    chunk.splice(position(chunk, key, false), 0, key);
    if (chunk.length > CHUNK_LENGTH_MAX) {
      this.#chunks.splice(at + 1, 0, chunk.splice(CHUNK_LENGTH_MAX >>> 1));
    }
  }

  #remove(key: string): void {
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at]!;
    chunk.splice(position(chunk, key, false), 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
  }

  #rebuild(added: ReadonlySet<string>, removed: ReadonlySet<string>): void {
    const sorted = [...added].sort(compareText);
    const chunks: string[][] = [];
    let chunk: string[] = [];
    const push = (key: string): void => {
      if (chunk.length === CHUNK_LENGTH_MAX) chunk = [];
      if (chunk.length === 0) chunks.push(chunk);
      chunk.push(key);
    };
    let next = 0;
    for (const before of this.#chunks) {
      for (const key of before) {
        if (removed.has(key)) continue;
        while (next < sorted.length && sorted[next]! < key) push(sorted[next++]!);
        push(key);
      }
    }
    while (next < sorted.length) push(sorted[next++]!);
    this.#chunks = chunks;
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

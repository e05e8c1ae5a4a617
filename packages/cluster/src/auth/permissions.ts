/**
 * What a user may read and write: the keys of all its roles together, as few intervals, sorted and apart from each other.
 *
 * Where etcd is odd, this is as odd: a permission on the empty key, or on a range whose end is not above its key, permits
 * nothing. To ask for a range that holds no key, since its end is not above its first, is permitted to whom that first key is.
 */
import { compareBytes } from "@lattice/model";
import { authpb } from "@lattice/etcd-proto";

/** Keys from `key` on: that one alone where `rangeEnd` is empty, all where it is one zero byte, else those below it. */
export interface KeyRange {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
}

export class Permissions {
  readonly #read: KeyIntervals;
  readonly #write: KeyIntervals;

  constructor(permissions: readonly authpb.Permission[]) {
    const { READ, WRITE } = authpb.Permission_Type;
    this.#read = new KeyIntervals(permissions.filter(({ permType }) => permits(permType, READ)));
    this.#write = new KeyIntervals(permissions.filter(({ permType }) => permits(permType, WRITE)));
  }

  mayRead(range: KeyRange): boolean {
    return this.#read.cover(range);
  }

  mayWrite(range: KeyRange): boolean {
    return this.#write.cover(range);
  }
}

function permits(has: authpb.Permission_Type, asked: authpb.Permission_Type): boolean {
  return has === asked || has === authpb.Permission_Type.READWRITE;
}

/** `end` is not in it; undefined: there is none. */
interface KeyInterval {
  readonly begin: Uint8Array;
  readonly end: Uint8Array | undefined;
}

class KeyIntervals {
  readonly #intervals: readonly KeyInterval[];

  constructor(ranges: readonly KeyRange[]) {
    const intervals = ranges
      .map(intervalOf)
      .filter(({ begin, end }) => begin.length > 0 && isBelow(begin, end));
    this.#intervals = merged(intervals.toSorted((a, b) => compareBytes(a.begin, b.begin)));
  }

  cover(range: KeyRange): boolean {
    const { begin, end } = intervalOf(range);
    const last = this.#lastFrom(begin);
    return last !== undefined && isBelow(begin, last.end) && !isAbove(end, last.end);
  }

  /** The last that begins at `key` or before it. */
  #lastFrom(key: Uint8Array): KeyInterval | undefined {
    let low = 0;
    let high = this.#intervals.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareBytes(this.#intervals[middle]!.begin, key) <= 0) low = middle + 1;
      else high = middle;
    }
    return this.#intervals[low - 1];
  }
}

function intervalOf({ key, rangeEnd }: KeyRange): KeyInterval {
  if (rangeEnd.length === 0) return { begin: key, end: after(key) };
  return { begin: key, end: rangeEnd.length === 1 && rangeEnd[0] === 0 ? undefined : rangeEnd };
}

/** Those that touch or overlap become one. They come sorted by where they begin. */
function merged(sorted: readonly KeyInterval[]): KeyInterval[] {
  const apart: KeyInterval[] = [];
  for (const next of sorted) {
    const last = apart.at(-1);
    if (last === undefined || (last.end !== undefined && compareBytes(next.begin, last.end) > 0))
      apart.push(next);
    else if (isAbove(next.end, last.end)) apart[apart.length - 1] = { begin: last.begin, end: next.end };
  }
  return apart;
}

/** The next key that there can be. */
function after(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

function isBelow(key: Uint8Array, end: Uint8Array | undefined): boolean {
  return end === undefined || compareBytes(key, end) < 0;
}

function isAbove(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (b === undefined) return false;
  return a === undefined || compareBytes(a, b) > 0;
}

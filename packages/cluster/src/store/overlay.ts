/**
 * What ops on their way will have made of a store, over what it is: commands read it, so that one need not wait for the op of the
 * one before it to be committed. Thrown away where one of them comes to nothing.
 *
 * Invariant: an entry is the last write to its key among the ops that are pending, and goes with that op.
 */
import { bytesFromKey, bytesKey, compareBytes } from "@lattice/model";
import { checkStateRow } from "./store-rows.ts";
import type { StateRange, StateReader, StateTable, StateTableReader, StateTx } from "@lattice/store";

interface Entry {
  /** Undefined where the row is deleted. */
  readonly value: Uint8Array | undefined;
  readonly seq: number;
}

type Entries = Map<string, Entry>;

export class Overlay implements StateReader {
  readonly #base: StateReader;
  readonly #tables = new Map<string, Entries>();
  /** By op, oldest first. */
  readonly #keys = new Map<number, { readonly entries: Entries; readonly key: string }[]>();

  constructor(base: StateReader) {
    this.#base = base;
  }

  table(name: string): StateTableReader {
    return new OverlaidTable(this.#base.table(name), () => this.#entries(name));
  }

  /** For the op at `seq`, which is the last so far. */
  write(seq: number): { readonly tx: StateTx; readonly takeBack: () => void } {
    const undo: (() => void)[] = [];
    const keys: { readonly entries: Entries; readonly key: string }[] = [];
    this.#keys.set(seq, keys);
    const set = (entries: Entries, key: string, value: Uint8Array | undefined): void => {
      const before = entries.get(key);
      undo.push(() => (before === undefined ? entries.delete(key) : entries.set(key, before)));
      entries.set(key, { value, seq });
      keys.push({ entries, key });
    };
    const tx: StateTx = {
      table: (name) => {
        const entries = this.#entries(name);
        return new WritableTable(this.#base.table(name), entries, (key, value) => set(entries, key, value));
      },
    };
    const takeBack = (): void => {
      for (const step of undo.toReversed()) step();
      keys.length = 0;
    };
    return { tx, takeBack };
  }

  /** The store has the ops up to `seq` now. */
  settle(seq: number): void {
    for (const [at, keys] of this.#keys) {
      if (at > seq) return;
      for (const { entries, key } of keys) if (entries.get(key)?.seq === at) entries.delete(key);
      this.#keys.delete(at);
    }
  }

  #entries(name: string): Entries {
    let entries = this.#tables.get(name);
    if (entries === undefined) this.#tables.set(name, (entries = new Map()));
    return entries;
  }
}

class OverlaidTable implements StateTableReader {
  protected readonly base: StateTableReader;
  readonly #entries: () => Entries;

  constructor(base: StateTableReader, entries: () => Entries) {
    this.base = base;
    this.#entries = entries;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const entry = this.#entries().get(bytesKey(key));
    return entry === undefined ? this.base.get(key) : entry.value;
  }

  has(key: Uint8Array): boolean {
    return this.get(key) !== undefined;
  }

  *range(range: StateRange = {}): Generator<readonly [key: Uint8Array, value: Uint8Array]> {
    const { limit = Infinity, reverse = false } = range;
    const { limit: _, ...bounds } = range;
    const written = sortedWithin(this.#entries(), range, reverse);
    let left = limit;
    let at = 0;
    const base = this.base.range(bounds)[Symbol.iterator]();
    let row = base.next();
    while (left > 0 && (at < written.length || row.done !== true)) {
      const order =
        row.done === true ? -1 : at >= written.length ? 1 : compared(written[at]![0], row.value[0], reverse);
      if (order > 0 && row.done !== true) {
        yield row.value;
        left -= 1;
        row = base.next();
        continue;
      }
      if (order === 0) row = base.next();
      const [key, { value }] = written[at++]!;
      if (value === undefined) continue;
      yield [key, value];
      left -= 1;
    }
    base.return?.();
  }

  count(): number {
    let count = this.base.count();
    for (const [key, { value }] of this.#entries()) {
      count += Number(value !== undefined) - Number(this.base.has(bytesFromKey(key)));
    }
    return count;
  }
}

class WritableTable extends OverlaidTable implements StateTable {
  readonly #set: (key: string, value: Uint8Array | undefined) => void;

  constructor(
    base: StateTableReader,
    entries: Entries,
    set: (key: string, value: Uint8Array | undefined) => void,
  ) {
    super(base, () => entries);
    this.#set = set;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    checkStateRow(key, value);
    this.#set(bytesKey(key), new Uint8Array(value));
  }

  delete(key: Uint8Array): boolean {
    if (!this.has(key)) return false;
    this.#set(bytesKey(key), undefined);
    return true;
  }
}

function sortedWithin(
  entries: Entries,
  range: StateRange,
  reverse: boolean,
): (readonly [key: Uint8Array, entry: Entry])[] {
  return [...entries]
    .map(([key, entry]) => [bytesFromKey(key), entry] as const)
    .filter(([key]) => isWithin(key, range))
    .sort(([a], [b]) => compared(a, b, reverse));
}

function isWithin(key: Uint8Array, { gte, gt, lt, lte }: StateRange): boolean {
  return (
    (gte === undefined || compareBytes(key, gte) >= 0) &&
    (gt === undefined || compareBytes(key, gt) > 0) &&
    (lt === undefined || compareBytes(key, lt) < 0) &&
    (lte === undefined || compareBytes(key, lte) <= 0)
  );
}

function compared(a: Uint8Array, b: Uint8Array, reverse: boolean): number {
  return compareBytes(a, b) * (reverse ? -1 : 1);
}

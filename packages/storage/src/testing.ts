/** The suite that every implementation of the storage port passes. For vitest. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { utf8 } from "@lattice/model";
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from "./limits.ts";
import type { Range, Storage, TableReader } from "./storage.ts";
import {
  applyWrites,
  bytesText,
  emptyState,
  hasRow,
  naiveRange,
  rowsText,
  type NaiveState,
  type Write,
} from "./testing/naive-storage.ts";
import { anySteps, TABLES, type Step } from "./testing/random-use.ts";

export interface StorageUnderTest {
  /** A new, empty storage. */
  open(tables: readonly string[]): Promise<Storage>;
  /** Closes the storage and opens what it left. */
  reopen(storage: Storage): Promise<Storage>;
  /** Opens what the storage would leave if its process died now. */
  crash(storage: Storage): Promise<Storage>;
  /** Whether a flush that resolved survives a crash; so it is unless this says otherwise. */
  readonly isDurable?: boolean;
  /** How many random uses are tried. */
  readonly runs?: number;
}

export function describeStorage(name: string, under: StorageUnderTest): void {
  describe(name, () => {
    describeTables(under);
    describeRanges(under);
    describeTransactions(under);
    describeDurability(under);
    it("is a set of sorted arrays, whatever is done to it", { timeout: 120_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(anySteps, (steps) => new RandomUse(under, steps).run()),
        { numRuns: under.runs ?? 100 },
      );
    });
  });
}

const A = utf8("a");
const B = utf8("b");
const EMPTY = new Uint8Array(0);

function describeTables(under: StorageUnderTest): void {
  it("gives back what was put", async () => {
    await using storage = await under.open(["t"]);
    put(storage, "t", A, B);
    expect(storage.table("t").get(A)).toEqual(B);
    expect(storage.table("t").has(A)).toBe(true);
    expect(storage.table("t").get(B)).toBeUndefined();
    expect(storage.table("t").has(B)).toBe(false);
  });

  it("tells an empty value from no row", async () => {
    let storage = await under.open(["t"]);
    put(storage, "t", A, EMPTY);
    storage = await under.reopen(storage);
    expect(storage.table("t").get(A)).toEqual(EMPTY);
    expect(storage.table("t").has(A)).toBe(true);
    expect(storage.table("t").count()).toBe(1);
    await storage.close();
  });

  it("keeps its tables apart", async () => {
    await using storage = await under.open(["t", "u"]);
    put(storage, "t", A, B);
    expect(storage.table("u").has(A)).toBe(false);
    expect(storage.table("u").count()).toBe(0);
  });

  it("keeps what it was given, not what the caller makes of it later", async () => {
    await using storage = await under.open(["t"]);
    const key = utf8("key");
    const value = utf8("value");
    put(storage, "t", key, value);
    key.fill(0);
    value.fill(0);
    expect(storage.table("t").get(utf8("key"))).toEqual(utf8("value"));
  });

  it("gives values that stay valid", async () => {
    let storage = await under.open(["t"]);
    for (let at = 0; at < 50; at++) put(storage, "t", Uint8Array.of(at), new Uint8Array(100).fill(at));
    storage = await under.reopen(storage);
    const values = [...Array(50).keys()].map((at) => storage.table("t").get(Uint8Array.of(at))!);
    const rows = [...storage.table("t").range()];
    for (let at = 0; at < 50; at++) put(storage, "t", Uint8Array.of(at), new Uint8Array(100).fill(at + 1));
    await storage.close();
    values.forEach((value, at) => expect(value).toEqual(new Uint8Array(100).fill(at)));
    rows.forEach((row, at) => expect(row).toEqual([Uint8Array.of(at), new Uint8Array(100).fill(at)]));
  });

  it("gives plain byte arrays, whose slice copies", async () => {
    let storage = await under.open(["t"]);
    put(storage, "t", A, B);
    storage = await under.reopen(storage);
    put(storage, "t", B, A);
    for (const [key, value] of storage.table("t").range()) {
      expect([key.constructor, value.constructor]).toEqual([Uint8Array, Uint8Array]);
      expect(storage.table("t").get(key)!.constructor).toBe(Uint8Array);
    }
    await storage.close();
  });

  it("takes Buffers as keys, values and bounds", async () => {
    await using storage = await under.open(["t"]);
    const pool = Buffer.from("xxkeyxxvaluexx");
    put(storage, "t", pool.subarray(2, 5), pool.subarray(7, 12));
    expect(storage.table("t").get(utf8("key"))).toEqual(utf8("value"));
    expect(rowsText(storage.table("t").range({ gte: pool.subarray(2, 5) }))).toHaveLength(1);
  });

  it("says of a delete whether there was a row", async () => {
    let storage = await under.open(["t"]);
    put(storage, "t", A, B);
    storage = await under.reopen(storage);
    expect(remove(storage, "t", A)).toBe(true);
    expect(remove(storage, "t", A)).toBe(false);
    expect(remove(storage, "t", B)).toBe(false);
    expect(storage.table("t").count()).toBe(0);
    await storage.close();
  });

  it("refuses a table that it was not opened with", async () => {
    await using storage = await under.open(["t"]);
    expect(() => storage.table("other")).toThrow(expect.objectContaining({ code: "internal" }));
    expect(() => storage.transaction((table) => table("other"))).toThrow(
      expect.objectContaining({ code: "internal" }),
    );
  });

  it("refuses an empty key, and keys and values over their bounds", async () => {
    await using storage = await under.open(["t"]);
    const code = (expected: string) => expect.objectContaining({ code: expected });
    expect(() => put(storage, "t", EMPTY, B)).toThrow(code("invalid-argument"));
    expect(() => put(storage, "t", new Uint8Array(KEY_BYTES_MAX + 1), B)).toThrow(code("too-large"));
    expect(() => put(storage, "t", A, new Uint8Array(VALUE_BYTES_MAX + 1))).toThrow(code("too-large"));
    expect(storage.table("t").count()).toBe(0);
  });

  it("finds nothing under a key that cannot be", async () => {
    await using storage = await under.open(["t"]);
    for (const key of [EMPTY, new Uint8Array(10_000)]) {
      expect(storage.table("t").get(key)).toBeUndefined();
      expect(storage.table("t").has(key)).toBe(false);
      expect(remove(storage, "t", key)).toBe(false);
    }
  });

  it("takes the longest keys and values", async () => {
    let storage = await under.open(["t"]);
    const key = new Uint8Array(KEY_BYTES_MAX).fill(7);
    const value = new Uint8Array(VALUE_BYTES_MAX).fill(9);
    put(storage, "t", key, value);
    storage = await under.reopen(storage);
    expect(bytesText(storage.table("t").get(key)!)).toBe(bytesText(value));
    expect(rowsText(storage.table("t").range())).toEqual(rowsText([[key, value]]));
    await storage.close();
  });
}

function describeRanges(under: StorageUnderTest): void {
  const keys = ["00", "0000", "00ff", "01", "61", "6100", "61ff", "7f", "80", "ff", "ff00", "ffff"].map(
    fromHexText,
  );
  const outside = [EMPTY, ...["0001", "62", "90", "ffffff"].map(fromHexText)];
  const half = keys.map((key, at) => ({ key, isOld: at % 2 === 0 }));

  it("orders keys by their unsigned bytes", async () => {
    let storage = await under.open(["t"]);
    for (const key of keys.toReversed()) put(storage, "t", key, key);
    expect(rowsText(storage.table("t").range())).toEqual(rowsText(keys.map((key) => [key, key])));
    storage = await under.reopen(storage);
    expect(rowsText(storage.table("t").range())).toEqual(rowsText(keys.map((key) => [key, key])));
    await storage.close();
  });

  it("heeds every combination of bounds, in both directions", async () => {
    let storage = await under.open(["t"]);
    // Half of the rows lie where an opening finds them, the others where they were just written.
    for (const { key, isOld } of half) if (isOld) put(storage, "t", key, key);
    storage = await under.reopen(storage);
    for (const { key, isOld } of half) if (!isOld) put(storage, "t", key, key);
    const rows = keys.map((key) => [key, key] as const);
    for (const range of everyRange([...keys, ...outside])) {
      expect(rowsText(storage.table("t").range(range)), rangeText(range)).toEqual(
        rowsText(naiveRange(rows, range)),
      );
    }
    await storage.close();
  });

  it("does not show what was deleted", async () => {
    let storage = await under.open(["t"]);
    for (const key of keys) put(storage, "t", key, key);
    storage = await under.reopen(storage);
    for (const { key, isOld } of half) if (isOld) remove(storage, "t", key);
    const left = half.filter(({ isOld }) => !isOld).map(({ key }) => [key, key] as const);
    for (const reverse of [false, true]) {
      const expected = rowsText(naiveRange(left, { reverse }));
      expect(rowsText(storage.table("t").range({ reverse }))).toEqual(expected);
      expect(rowsText(storage.table("t").range({ reverse, limit: 1 }))).toEqual(expected.slice(0, 1));
    }
    expect(storage.table("t").count()).toBe(left.length);
    await storage.close();
  });

  it("can be left in the middle, and two can be read at once", async () => {
    let storage = await under.open(["t"]);
    for (const key of keys) put(storage, "t", key, key);
    storage = await under.reopen(storage);
    const table = storage.table("t");
    for (const [key] of table.range()) {
      const [after] = table.range({ gt: key, limit: 1 });
      const [before] = table.range({ lt: key, limit: 1, reverse: true });
      const at = keys.findIndex((other) => bytesText(other) === bytesText(key));
      expect(after?.[0]).toEqual(keys[at + 1]);
      expect(before?.[0]).toEqual(keys[at - 1]);
    }
    await storage.close();
  });

  it("refuses to go on after a write to its table", async () => {
    let storage = await under.open(["t"]);
    for (const key of keys) put(storage, "t", key, key);
    storage = await under.reopen(storage);
    const deleting = (): void => {
      for (const [key] of storage.table("t").range()) remove(storage, "t", key);
    };
    expect(deleting).toThrow(/continued/);
    await storage.close();
  });

  it("goes on over a flush", async () => {
    await using storage = await under.open(["t"]);
    for (const key of keys) put(storage, "t", key, key);
    const seen: Uint8Array[] = [];
    for (const [key] of storage.table("t").range()) {
      await storage.flush();
      seen.push(key);
    }
    expect(seen).toEqual(keys);
  });

  it("refuses two bounds on one side", async () => {
    await using storage = await under.open(["t"]);
    expect(() => [...storage.table("t").range({ gt: A, gte: A })]).toThrow(/lower bound/);
    expect(() => [...storage.table("t").range({ lt: A, lte: A })]).toThrow(/upper bound/);
  });
}

function describeTransactions(under: StorageUnderTest): void {
  it("shows a transaction its own writes, and returns what its body returns", async () => {
    await using storage = await under.open(["t"]);
    const seen = storage.transaction((table) => {
      table("t").put(A, B);
      return [table("t").get(A), table("t").count(), storage.table("t").get(A), [...table("t").range()]];
    });
    expect(seen).toEqual([B, 1, B, [[A, B]]]);
  });

  it("keeps nothing of a transaction that throws", async () => {
    let storage = await under.open(["t", "u"]);
    put(storage, "t", A, A);
    put(storage, "u", A, A);
    storage = await under.reopen(storage);
    put(storage, "t", B, B);
    const failing = (): void =>
      storage.transaction((table) => {
        table("t").put(A, EMPTY);
        table("t").delete(B);
        table("t").put(B, EMPTY);
        table("u").delete(A);
        table("u").put(B, EMPTY);
        throw new RangeError("on purpose");
      });
    expect(failing).toThrow(RangeError);
    for (let again = 0; again < 2; again++) {
      expect(rowsText(storage.table("t").range())).toEqual(
        rowsText([
          [A, A],
          [B, B],
        ]),
      );
      expect(rowsText(storage.table("u").range())).toEqual(rowsText([[A, A]]));
      expect([storage.table("t").count(), storage.table("u").count()]).toEqual([2, 1]);
      storage = await under.reopen(storage);
    }
    await storage.close();
  });

  it("refuses a transaction in a transaction, and keeps nothing of the outer one", async () => {
    await using storage = await under.open(["t"]);
    const nested = (): void =>
      storage.transaction((table) => {
        table("t").put(A, A);
        storage.transaction((inner) => inner("t").put(B, B));
      });
    expect(nested).toThrow(/transaction/);
    expect(storage.table("t").count()).toBe(0);
    put(storage, "t", A, A);
    expect(storage.table("t").count()).toBe(1);
  });

  it("refuses a body that returns a promise, and keeps nothing of it", async () => {
    await using storage = await under.open(["t"]);
    const asynchronous = (): unknown =>
      storage.transaction(async (table) => {
        table("t").put(A, A);
        await Promise.resolve();
        table("t").put(B, B);
      });
    expect(asynchronous).toThrow(/promise/);
    await storage.flush();
    expect(storage.table("t").count()).toBe(0);
  });

  it("refuses writes when the transaction has ended", async () => {
    await using storage = await under.open(["t"]);
    const table = storage.transaction((open) => open("t"));
    expect(() => table.put(A, A)).toThrow(/transaction/);
    expect(() => table.delete(A)).toThrow(/transaction/);
    expect(storage.table("t").count()).toBe(0);
  });
}

function describeDurability(under: StorageUnderTest): void {
  it("has after closing and opening what it had before", async () => {
    let storage = await under.open(["t"]);
    put(storage, "t", A, B);
    storage = await under.reopen(storage);
    expect(rowsText(storage.table("t").range())).toEqual(rowsText([[A, B]]));
    await storage.close();
  });

  it("can be closed twice and then refuses everything", async () => {
    const storage = await under.open(["t"]);
    put(storage, "t", A, B);
    const table = storage.table("t");
    const range = table.range()[Symbol.iterator]();
    await Promise.all([storage.close(), storage.close()]);
    await storage.close();
    const closed = expect.objectContaining({ code: "closed" });
    expect(() => table.get(A)).toThrow(closed);
    expect(() => table.has(A)).toThrow(closed);
    expect(() => table.count()).toThrow(closed);
    expect(() => [...table.range()]).toThrow(closed);
    expect(() => range.next()).toThrow(closed);
    expect(() => put(storage, "t", A, B)).toThrow(closed);
    await expect(storage.flush()).rejects.toEqual(closed);
  });

  it("refuses to go on with a range when it was closed", async () => {
    let storage = await under.open(["t"]);
    for (const key of [A, B]) put(storage, "t", key, key);
    storage = await under.reopen(storage);
    const range = storage.table("t").range()[Symbol.iterator]();
    range.next();
    await storage.close();
    expect(() => range.next()).toThrow(expect.objectContaining({ code: "closed" }));
  });

  it("resolves all flushes that overlap", async () => {
    let storage = await under.open(["t"]);
    const flushes = [...Array(100).keys()].map((at) => {
      put(storage, "t", Uint8Array.of(at), A);
      return storage.flush();
    });
    await Promise.all(flushes);
    expect(storage.table("t").count()).toBe(100);
    storage = await under.crash(storage);
    if (under.isDurable !== false) expect(storage.table("t").count()).toBe(100);
    await storage.close();
  });

  it("flushes when nothing was written", async () => {
    await using storage = await under.open(["t"]);
    await storage.flush();
    await Promise.all([storage.flush(), storage.flush()]);
    expect(storage.table("t").count()).toBe(0);
  });

  it("rolls back to what a crash would leave, and goes on from there", async () => {
    let storage = await under.open(["t"]);
    put(storage, "t", A, A);
    storage = await under.reopen(storage);
    put(storage, "t", A, B);
    put(storage, "t", B, B);
    expect(storage.table("t").count()).toBe(2);
    storage.rollback();
    expect(rowsText(storage.table("t").range())).toEqual(rowsText([[A, A]]));
    expect(storage.table("t").count()).toBe(1);
    put(storage, "t", B, A);
    await storage.flush();
    storage = await under.reopen(storage);
    expect(storage.table("t").count()).toBe(2);
    await storage.close();
    expect(() => storage.rollback()).toThrow(expect.objectContaining({ code: "closed" }));
  });

  it.runIf(under.isDurable !== false)("has after a crash what was flushed", async () => {
    let storage = await under.open(["t"]);
    put(storage, "t", A, A);
    await storage.flush();
    put(storage, "t", A, B);
    put(storage, "t", B, B);
    await storage.flush();
    storage = await under.crash(storage);
    expect(rowsText(storage.table("t").range())).toEqual(
      rowsText([
        [A, B],
        [B, B],
      ]),
    );
    storage = await under.crash(storage);
    expect(storage.table("t").count()).toBe(2);
    remove(storage, "t", A);
    await storage.flush();
    storage = await under.crash(storage);
    expect(rowsText(storage.table("t").range())).toEqual(rowsText([[B, B]]));
    await storage.close();
  });
}

/** A random use of a storage, next to the same use of sorted arrays. */
class RandomUse {
  readonly #under: StorageUnderTest;
  readonly #steps: readonly Step[];
  #state: NaiveState = emptyState(TABLES);
  /** What a crash may leave: any of these, the oldest being durable for certain. */
  #possible: NaiveState[] = [this.#state];
  #unawaited: Promise<void> = Promise.resolve();

  constructor(under: StorageUnderTest, steps: readonly Step[]) {
    this.#under = under;
    this.#steps = steps;
  }

  async run(): Promise<void> {
    let storage = await this.#under.open(TABLES);
    try {
      for (const step of this.#steps) storage = await this.#take(storage, step);
      this.#compare(storage);
      storage = await this.#under.reopen(storage);
      this.#compare(storage);
    } finally {
      await storage.close();
    }
  }

  async #take(storage: Storage, step: Step): Promise<Storage> {
    switch (step.kind) {
      case "transaction":
        this.#transact(storage, step.writes, step.isThrown);
        return storage;
      case "read":
        this.#read(storage.table(step.table), this.#state.get(step.table)!, step.range);
        return storage;
      case "count":
        expect(storage.table(step.table).count()).toBe(this.#state.get(step.table)!.length);
        return storage;
      case "flush":
        await storage.flush();
        if (this.#under.isDurable !== false) this.#possible = [this.#state];
        return storage;
      case "flush unawaited":
        this.#unawaited = storage.flush().catch(() => undefined);
        return storage;
      case "rollback":
        await this.#unawaited;
        storage.rollback();
        this.#match(storage);
        return storage;
      case "reopen":
        this.#possible = [this.#state];
        return this.#under.reopen(storage);
      case "crash":
        return this.#crash(storage);
    }
  }

  #transact(storage: Storage, writes: readonly Write[], isThrown: boolean): void {
    let seen = this.#state;
    const body = (): void =>
      storage.transaction((table) => {
        for (const write of writes) {
          if (write.value) table(write.table).put(write.key, write.value);
          else expect(table(write.table).delete(write.key)).toBe(hasRow(seen.get(write.table)!, write.key));
          seen = applyWrites(seen, [write]);
        }
        if (isThrown) throw new RangeError("on purpose");
      });
    if (isThrown) expect(body).toThrow(RangeError);
    else {
      body();
      this.#state = seen;
      this.#possible.push(seen);
    }
  }

  #read(table: TableReader, rows: readonly (readonly [Uint8Array, Uint8Array])[], range: Range): void {
    expect(rowsText(table.range(range)), rangeText(range)).toEqual(rowsText(naiveRange(rows, range)));
    for (const key of [range.gte, range.gt, range.lte, range.lt]) {
      if (!key) continue;
      const expected = rows.find((row) => bytesText(row[0]) === bytesText(key))?.[1];
      expect(table.get(key)).toEqual(expected);
      expect(table.has(key)).toBe(expected !== undefined);
    }
  }

  async #crash(storage: Storage): Promise<Storage> {
    const next = await this.#under.crash(storage);
    this.#match(next);
    return next;
  }

  /** A crash and a rollback leave a state that was, and none before what is durable. */
  #match(storage: Storage): void {
    const found = stateText(TABLES.map((name) => rowsText(storage.table(name).range())));
    const match = this.#possible.findLast((state) => {
      return stateText(TABLES.map((name) => rowsText(state.get(name)!))) === found;
    });
    expect(match, "one of the states that may be left").toBeDefined();
    this.#state = match!;
    this.#possible = [match!];
  }

  #compare(storage: Storage): void {
    for (const name of TABLES) {
      const rows = this.#state.get(name)!;
      for (const reverse of [false, true]) this.#read(storage.table(name), rows, { reverse });
      expect(storage.table(name).count()).toBe(rows.length);
    }
  }
}

function stateText(tables: readonly string[][]): string {
  return JSON.stringify(tables);
}

function put(storage: Storage, table: string, key: Uint8Array, value: Uint8Array): void {
  storage.transaction((open) => open(table).put(key, value));
}

function remove(storage: Storage, table: string, key: Uint8Array): boolean {
  return storage.transaction((open) => open(table).delete(key));
}

function fromHexText(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "hex"));
}

function* everyRange(bounds: readonly Uint8Array[]): Generator<Range> {
  const lowers: Range[] = [{}, ...bounds.flatMap((key) => [{ gte: key }, { gt: key }])];
  const uppers: Range[] = [{}, ...bounds.flatMap((key) => [{ lte: key }, { lt: key }])];
  for (const lower of lowers) {
    for (const upper of uppers) {
      yield { ...lower, ...upper };
      yield { ...lower, ...upper, reverse: true };
    }
  }
}

function rangeText(range: Range): string {
  const parts = Object.entries(range).map(([name, value]) => {
    return `${name} ${value instanceof Uint8Array ? bytesText(value) : String(value)}`;
  });
  return `range ${parts.join(", ")}`;
}

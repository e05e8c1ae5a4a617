/** Of the storage port: rows in the order of their keys. */
import { fromHex, utf8 } from "@lattice/model";
import type { Range } from "@lattice/storage";
import { expect } from "vitest";
import type { Checks } from "../check.ts";
import { bytesText, naiveRange, rangeText, rowsText } from "./naive-storage.ts";
import { put, remove } from "./single-writes.ts";
import type { StorageUnderTest } from "./storage-under-test.ts";

const A = utf8("a");
const EMPTY = new Uint8Array(0);

const keys = ["00", "0000", "00ff", "01", "61", "6100", "61ff", "7f", "80", "ff", "ff00", "ffff"].map(
  (text) => fromHex(text)!,
);
const outside = [EMPTY, ...["0001", "62", "90", "ffffff"].map((text) => fromHex(text)!)];
const half = keys.map((key, at) => ({ key, isOld: at % 2 === 0 }));

export const rangeChecks: Checks<StorageUnderTest> = {
  async "orders keys by their unsigned bytes"(under) {
    let storage = await under.open(["t"]);
    for (const key of keys.toReversed()) put(storage, "t", key, key);
    expect(rowsText(storage.table("t").range())).toEqual(rowsText(keys.map((key) => [key, key])));
    storage = await under.reopen(storage);
    expect(rowsText(storage.table("t").range())).toEqual(rowsText(keys.map((key) => [key, key])));
    await storage.close();
  },

  async "heeds every combination of bounds, in both directions"(under) {
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
  },

  async "does not show what was deleted"(under) {
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
  },

  async "can be left in the middle, and two can be read at once"(under) {
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
  },

  async "refuses to go on after a write to its table"(under) {
    let storage = await under.open(["t"]);
    for (const key of keys) put(storage, "t", key, key);
    storage = await under.reopen(storage);
    const deleting = (): void => {
      for (const [key] of storage.table("t").range()) remove(storage, "t", key);
    };
    expect(deleting).toThrow(/continued/);
    await storage.close();
  },

  async "goes on over a flush"(under) {
    await using storage = await under.open(["t"]);
    for (const key of keys) put(storage, "t", key, key);
    const seen: Uint8Array[] = [];
    for (const [key] of storage.table("t").range()) {
      await storage.flush();
      seen.push(key);
    }
    expect(seen).toEqual(keys);
  },

  async "refuses two bounds on one side"(under) {
    await using storage = await under.open(["t"]);
    expect(() => [...storage.table("t").range({ gt: A, gte: A })]).toThrow(/lower bound/);
    expect(() => [...storage.table("t").range({ lt: A, lte: A })]).toThrow(/upper bound/);
  },
};

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

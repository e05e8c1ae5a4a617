/** Of the storage port: what is there after closing, flushing, rolling back and a crash. */
import { utf8 } from "@lattice/model";
import { expect } from "vitest";
import type { Checks } from "../check.ts";
import { rowsText } from "./naive-storage.ts";
import { put, remove } from "./single-writes.ts";
import type { StorageUnderTest } from "./storage-under-test.ts";

const A = utf8("a");
const B = utf8("b");

export const durabilityChecks: Checks<StorageUnderTest> = {
  async "has after closing and opening what it had before"(under) {
    let storage = await under.open(["t"]);
    put(storage, "t", A, B);
    storage = await under.reopen(storage);
    expect(rowsText(storage.table("t").range())).toEqual(rowsText([[A, B]]));
    await storage.close();
  },

  async "can be closed twice and then refuses everything"(under) {
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
  },

  async "refuses to go on with a range when it was closed"(under) {
    let storage = await under.open(["t"]);
    for (const key of [A, B]) put(storage, "t", key, key);
    storage = await under.reopen(storage);
    const range = storage.table("t").range()[Symbol.iterator]();
    range.next();
    await storage.close();
    expect(() => range.next()).toThrow(expect.objectContaining({ code: "closed" }));
  },

  async "resolves all flushes that overlap"(under) {
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
  },

  async "flushes when nothing was written"(under) {
    await using storage = await under.open(["t"]);
    await storage.flush();
    await Promise.all([storage.flush(), storage.flush()]);
    expect(storage.table("t").count()).toBe(0);
  },

  async "rolls back to what a crash would leave, and goes on from there"(under) {
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
  },
};

/** For a storage whose flushes survive a crash. */
export const crashChecks: Checks<StorageUnderTest> = {
  async "has after a crash what was flushed"(under) {
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
  },
};

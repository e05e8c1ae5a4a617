/** Of the storage port: rows that are put, read and deleted. */
import { utf8 } from "@lattice/model";
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from "@lattice/storage";
import { expect } from "vitest";
import type { Checks } from "../check.ts";
import { bytesText, rowsText } from "./naive-storage.ts";
import { put, remove } from "./single-writes.ts";
import type { StorageUnderTest } from "./storage-under-test.ts";

const A = utf8("a");
const B = utf8("b");
const EMPTY = new Uint8Array(0);

export const tableChecks: Checks<StorageUnderTest> = {
  async "gives back what was put"(under) {
    await using storage = await under.open(["t"]);
    put(storage, "t", A, B);
    expect(storage.table("t").get(A)).toEqual(B);
    expect(storage.table("t").has(A)).toBe(true);
    expect(storage.table("t").get(B)).toBeUndefined();
    expect(storage.table("t").has(B)).toBe(false);
  },

  async "tells an empty value from no row"(under) {
    let storage = await under.open(["t"]);
    put(storage, "t", A, EMPTY);
    storage = await under.reopen(storage);
    expect(storage.table("t").get(A)).toEqual(EMPTY);
    expect(storage.table("t").has(A)).toBe(true);
    expect(storage.table("t").count()).toBe(1);
    await storage.close();
  },

  async "keeps its tables apart"(under) {
    await using storage = await under.open(["t", "u"]);
    put(storage, "t", A, B);
    expect(storage.table("u").has(A)).toBe(false);
    expect(storage.table("u").count()).toBe(0);
  },

  async "keeps what it was given, not what the caller makes of it later"(under) {
    await using storage = await under.open(["t"]);
    const key = utf8("key");
    const value = utf8("value");
    put(storage, "t", key, value);
    key.fill(0);
    value.fill(0);
    expect(storage.table("t").get(utf8("key"))).toEqual(utf8("value"));
  },

  async "gives values that stay valid"(under) {
    let storage = await under.open(["t"]);
    for (let at = 0; at < 50; at++) put(storage, "t", Uint8Array.of(at), new Uint8Array(100).fill(at));
    storage = await under.reopen(storage);
    const values = [...Array(50).keys()].map((at) => storage.table("t").get(Uint8Array.of(at))!);
    const rows = [...storage.table("t").range()];
    for (let at = 0; at < 50; at++) put(storage, "t", Uint8Array.of(at), new Uint8Array(100).fill(at + 1));
    await storage.close();
    values.forEach((value, at) => expect(value).toEqual(new Uint8Array(100).fill(at)));
    rows.forEach((row, at) => expect(row).toEqual([Uint8Array.of(at), new Uint8Array(100).fill(at)]));
  },

  async "gives plain byte arrays, whose slice copies"(under) {
    let storage = await under.open(["t"]);
    put(storage, "t", A, B);
    storage = await under.reopen(storage);
    put(storage, "t", B, A);
    for (const [key, value] of storage.table("t").range()) {
      expect([key.constructor, value.constructor]).toEqual([Uint8Array, Uint8Array]);
      expect(storage.table("t").get(key)!.constructor).toBe(Uint8Array);
    }
    await storage.close();
  },

  async "takes Buffers as keys, values and bounds"(under) {
    await using storage = await under.open(["t"]);
    const pool = Buffer.from("xxkeyxxvaluexx");
    put(storage, "t", pool.subarray(2, 5), pool.subarray(7, 12));
    expect(storage.table("t").get(utf8("key"))).toEqual(utf8("value"));
    expect(rowsText(storage.table("t").range({ gte: pool.subarray(2, 5) }))).toHaveLength(1);
  },

  async "says of a delete whether there was a row"(under) {
    let storage = await under.open(["t"]);
    put(storage, "t", A, B);
    storage = await under.reopen(storage);
    expect(remove(storage, "t", A)).toBe(true);
    expect(remove(storage, "t", A)).toBe(false);
    expect(remove(storage, "t", B)).toBe(false);
    expect(storage.table("t").count()).toBe(0);
    await storage.close();
  },

  async "refuses a table that it was not opened with"(under) {
    await using storage = await under.open(["t"]);
    expect(() => storage.table("other")).toThrow(expect.objectContaining({ code: "internal" }));
    expect(() => storage.transaction((table) => table("other"))).toThrow(
      expect.objectContaining({ code: "internal" }),
    );
  },

  async "refuses an empty key, and keys and values over their bounds"(under) {
    await using storage = await under.open(["t"]);
    const code = (expected: string) => expect.objectContaining({ code: expected });
    expect(() => put(storage, "t", EMPTY, B)).toThrow(code("invalid-argument"));
    expect(() => put(storage, "t", new Uint8Array(KEY_BYTES_MAX + 1), B)).toThrow(code("too-large"));
    expect(() => put(storage, "t", A, new Uint8Array(VALUE_BYTES_MAX + 1))).toThrow(code("too-large"));
    expect(storage.table("t").count()).toBe(0);
  },

  async "finds nothing under a key that cannot be"(under) {
    await using storage = await under.open(["t"]);
    for (const key of [EMPTY, new Uint8Array(10_000)]) {
      expect(storage.table("t").get(key)).toBeUndefined();
      expect(storage.table("t").has(key)).toBe(false);
      expect(remove(storage, "t", key)).toBe(false);
    }
  },

  async "takes the longest keys and values"(under) {
    let storage = await under.open(["t"]);
    const key = new Uint8Array(KEY_BYTES_MAX).fill(7);
    const value = new Uint8Array(VALUE_BYTES_MAX).fill(9);
    put(storage, "t", key, value);
    storage = await under.reopen(storage);
    expect(bytesText(storage.table("t").get(key)!)).toBe(bytesText(value));
    expect(rowsText(storage.table("t").range())).toEqual(rowsText([[key, value]]));
    await storage.close();
  },
};

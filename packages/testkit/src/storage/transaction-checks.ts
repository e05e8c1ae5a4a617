/** Of the storage port: all or nothing, and no transaction in a transaction. */
import { utf8 } from "@lattice/model";
import { expect } from "vitest";
import type { Checks } from "../check.ts";
import { rowsText } from "./naive-storage.ts";
import { put } from "./single-writes.ts";
import type { StorageUnderTest } from "./storage-under-test.ts";

const A = utf8("a");
const B = utf8("b");
const EMPTY = new Uint8Array(0);

export const transactionChecks: Checks<StorageUnderTest> = {
  async "shows a transaction its own writes, and returns what its body returns"(under) {
    await using storage = await under.open(["t"]);
    const seen = storage.transaction((table) => {
      table("t").put(A, B);
      return [table("t").get(A), table("t").count(), storage.table("t").get(A), [...table("t").range()]];
    });
    expect(seen).toEqual([B, 1, B, [[A, B]]]);
  },

  async "keeps nothing of a transaction that throws"(under) {
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
  },

  async "refuses a transaction in a transaction, and keeps nothing of the outer one"(under) {
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
  },

  async "refuses a body that returns a promise, and keeps nothing of it"(under) {
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
  },

  async "refuses writes when the transaction has ended"(under) {
    await using storage = await under.open(["t"]);
    const table = storage.transaction((open) => open("t"));
    expect(() => table.put(A, A)).toThrow(/transaction/);
    expect(() => table.delete(A)).toThrow(/transaction/);
    expect(storage.table("t").count()).toBe(0);
  },
};

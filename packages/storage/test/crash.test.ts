/** What a crash leaves of a storage in memory: whole transactions, whatever was taken back before. */
import { expect, it } from "vitest";
import { utf8 } from "@lattice/model";
import { MemoryStorage } from "../src/index.ts";

function putAll(storage: MemoryStorage, keys: string): void {
  storage.transaction((table) => {
    for (const key of keys) table("t").put(utf8(key), utf8(key));
  });
}

function keysAfterCrash(storage: MemoryStorage, keeps: number): string {
  return [...storage.crash({ keeps }).table("t").range()]
    .map(([key]) => Buffer.from(key).toString())
    .join("");
}

it.each([
  [0, ""],
  [1, "ab"],
  [2, "abcde"],
])("keeps the oldest %i transactions", (keeps, kept) => {
  const storage = new MemoryStorage({ tables: ["t"] });
  putAll(storage, "ab");
  putAll(storage, "cde");
  expect(keysAfterCrash(storage, keeps)).toBe(kept);
});

it("keeps a transaction whole where others ended within it that were rolled back", () => {
  const storage = new MemoryStorage({ tables: ["t"] });
  putAll(storage, "a");
  putAll(storage, "b");
  storage.rollback();
  putAll(storage, "xyz");
  expect(storage.pendingCount).toBe(1);
  expect(keysAfterCrash(storage, 1)).toBe("xyz");
});

it("keeps a transaction whole after one that threw", () => {
  const storage = new MemoryStorage({ tables: ["t"] });
  putAll(storage, "a");
  expect(() =>
    storage.transaction((table) => {
      table("t").put(utf8("b"), utf8("b"));
      throw new Error("no");
    }),
  ).toThrow("no");
  putAll(storage, "xyz");
  expect(keysAfterCrash(storage, 2)).toBe("axyz");
});

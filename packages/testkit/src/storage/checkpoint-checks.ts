/** Of a storage that is written in checkpoints: what one keeps, and what goes on while it is under way. */
import { u64be, utf8 } from "@lattice/model";
import type { CheckpointedStorage } from "@lattice/storage";
import { expect } from "vitest";
import type { Checks } from "../check.ts";
import type { CheckpointedStorageUnderTest } from "./describe-checkpointed-storage.ts";
import { rowsText } from "./naive-storage.ts";
import { put, remove } from "./single-writes.ts";

const A = utf8("a");
const B = utf8("b");
const C = utf8("c");

export const checkpointChecks: Checks<CheckpointedStorageUnderTest> = {
  async "has after a crash what the last checkpoint wrote, and nothing else"(under) {
    let storage = await under.open(["t", "u"]);
    put(storage, "t", A, A);
    put(storage, "u", A, B);
    await storage.checkpoint();
    put(storage, "t", A, C);
    remove(storage, "u", A);
    put(storage, "u", B, B);
    storage = await under.crash(storage);
    expectRows(storage, "t", [[A, A]]);
    expectRows(storage, "u", [[A, B]]);
    await storage.close();
  },

  async "keeps nothing by flushing or by closing"(under) {
    let storage = await under.open(["t"]);
    put(storage, "t", A, A);
    await storage.flush();
    storage = await under.reopen(storage);
    expectRows(storage, "t", []);
    put(storage, "t", A, A);
    await storage.checkpoint();
    put(storage, "t", A, B);
    await storage.flush();
    storage = await under.reopen(storage);
    expectRows(storage, "t", [[A, A]]);
    await storage.close();
  },

  async "is as it was after it was defragmented, and takes no more than what is in use"(under) {
    let storage = await under.open(["t"]);
    const large = new Uint8Array(2_000).fill(7);
    const keys = Array.from({ length: 1_000 }, (_, at) => u64be(at));
    storage.transaction((table) => keys.forEach((key) => table("t").put(key, large)));
    await storage.checkpoint();
    storage.transaction((table) => keys.slice(10).forEach((key) => table("t").delete(key)));
    await storage.checkpoint();
    const before = storage.size();
    expect(before.used).toBeLessThanOrEqual(before.file);
    // What is written meanwhile is there, and is kept by the next checkpoint.
    const done = storage.defragment();
    await Promise.resolve();
    put(storage, "t", keys[0]!, A);
    await done;
    const rows = keys.slice(0, 10).map((key, at) => [key, at === 0 ? A : large] as const);
    expectRows(storage, "t", rows);
    const { file, used } = storage.size();
    expect(file).toBeLessThanOrEqual(before.file);
    expect(file).toBeLessThan(2 * used + 100_000);
    await storage.checkpoint();
    storage = await under.reopen(storage);
    expectRows(storage, "t", rows);
    await storage.close();
  },

  async "shows what is written while a checkpoint is under way, and keeps it with the next"(under) {
    let storage = await under.open(["t"]);
    for (const key of [A, B]) put(storage, "t", key, key);
    await storage.checkpoint();
    put(storage, "t", B, C);
    const first = storage.checkpoint();
    await Promise.resolve();
    remove(storage, "t", A);
    put(storage, "t", C, C);
    const now = [
      [B, C],
      [C, C],
    ] as const;
    expectRows(storage, "t", now);
    await first;
    expectRows(storage, "t", now);
    expect(remove(storage, "t", A)).toBe(false);
    await storage.checkpoint();
    storage = await under.crash(storage);
    expectRows(storage, "t", now);
    await storage.close();
  },

  async "takes back a transaction that throws while a checkpoint is under way"(under) {
    await using storage = await under.open(["t"]);
    put(storage, "t", A, A);
    const checkpoint = storage.checkpoint();
    await nextTurn();
    const failing = (): void =>
      storage.transaction((table) => {
        table("t").put(A, B);
        table("t").delete(A);
        table("t").put(B, B);
        throw new RangeError("on purpose");
      });
    expect(failing).toThrow(RangeError);
    expectRows(storage, "t", [[A, A]]);
    await checkpoint;
    expectRows(storage, "t", [[A, A]]);
  },

  async "resolves all checkpoints that overlap"(under) {
    let storage = await under.open(["t"]);
    const checkpoints = [...Array(50).keys()].map((at) => {
      put(storage, "t", u64be(at), A);
      return storage.checkpoint();
    });
    await Promise.all(checkpoints);
    storage = await under.crash(storage);
    expect(storage.table("t").count()).toBe(50);
    await storage.close();
  },

  async "says what waits for a checkpoint"(under) {
    await using storage = await under.open(["t"]);
    expect(storage.bytesPending()).toBe(0);
    put(storage, "t", A, new Uint8Array(100_000));
    expect(storage.bytesPending()).toBeGreaterThanOrEqual(100_000);
    await storage.checkpoint();
    expect(storage.bytesPending()).toBe(0);
    await storage.checkpoint();
  },

  async "rolls back to the last checkpoint"(under) {
    await using storage = await under.open(["t"]);
    put(storage, "t", A, A);
    await storage.checkpoint();
    put(storage, "t", A, B);
    put(storage, "t", B, B);
    storage.rollback();
    expectRows(storage, "t", [[A, A]]);
    expect(storage.bytesPending()).toBe(0);
    put(storage, "t", C, C);
    await storage.checkpoint();
    expect(storage.table("t").count()).toBe(2);
  },

  async "is closed when the checkpoint has ended that was under way, and refuses the next"(under) {
    let storage = await under.open(["t"]);
    put(storage, "t", A, A);
    const checkpoint = storage.checkpoint();
    const closing = storage.close();
    await checkpoint;
    await closing;
    await expect(storage.checkpoint()).rejects.toMatchObject({ code: "closed" });
    expect(() => storage.view()).toThrow(expect.objectContaining({ code: "closed" }));
    storage = await under.reopen(storage);
    expectRows(storage, "t", [[A, A]]);
    await storage.close();
  },
};

export function expectRows(
  storage: Pick<CheckpointedStorage, "table">,
  table: string,
  rows: readonly (readonly [Uint8Array, Uint8Array])[],
): void {
  const reader = storage.table(table);
  expect(rowsText(reader.range())).toEqual(rowsText(rows));
  expect(rowsText(reader.range({ reverse: true }))).toEqual(rowsText([...rows].reverse()));
  expect(reader.count()).toBe(rows.length);
  for (const [key, value] of rows) expect(reader.get(key)).toEqual(value);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

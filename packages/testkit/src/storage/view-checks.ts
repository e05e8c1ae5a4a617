/** Of the views of a storage that is written in checkpoints. */
import { u64be, utf8 } from "@lattice/model";
import { VIEW_COUNT_MAX, type StorageView } from "@lattice/storage";
import { expect } from "vitest";
import type { Checks } from "../check.ts";
import { expectRows } from "./checkpoint-checks.ts";
import type { CheckpointedStorageUnderTest } from "./describe-checkpointed-storage.ts";
import { put, remove } from "./single-writes.ts";

const A = utf8("a");
const B = utf8("b");
const LONG = new Uint8Array(4_000).fill(7);

export const viewChecks: Checks<CheckpointedStorageUnderTest> = {
  async "shows in a view what the last checkpoint wrote, whatever is written later"(under) {
    await using storage = await under.open(["t", "u"]);
    put(storage, "t", A, A);
    put(storage, "t", LONG, A);
    await storage.checkpoint();
    put(storage, "t", A, B);
    put(storage, "u", A, A);
    using view = storage.view();
    const rows = [
      [LONG, A],
      [A, A],
    ] as const;
    expectRows(view, "t", rows);
    remove(storage, "t", A);
    remove(storage, "t", LONG);
    await storage.checkpoint();
    put(storage, "t", B, B);
    await storage.checkpoint();
    expectRows(view, "t", rows);
    expectRows(view, "u", []);
    expect(view.table("t").has(B)).toBe(false);
    using newer = storage.view();
    expectRows(newer, "t", [[B, B]]);
    expectRows(newer, "u", [[A, A]]);
  },

  async "goes on with a range of a view while there are writes and checkpoints"(under) {
    await using storage = await under.open(["t"]);
    for (let at = 0; at < 2_000; at++) put(storage, "t", u64be(at), u64be(at));
    await storage.checkpoint();
    using view = storage.view();
    let at = 0;
    for (const [key, value] of view.table("t").range()) {
      expect(key).toEqual(u64be(at));
      expect(value).toEqual(u64be(at));
      if (at % 500 === 0) {
        for (let other = at; other < 2_000; other += 3) remove(storage, "t", u64be(other));
        put(storage, "t", u64be(at), A);
        await storage.checkpoint();
      }
      at += 1;
    }
    expect(at).toBe(2_000);
  },

  async "has in a view all of a checkpoint or nothing, also while one is under way"(under) {
    await using storage = await under.open(["t", "u"]);
    for (let round = 0; round < 20; round++) {
      for (const name of ["t", "u"]) put(storage, name, A, u64be(round));
      const checkpoint = storage.checkpoint();
      for (let turn = 0; turn < round; turn++) {
        using view = storage.view();
        expect(view.table("t").get(A)).toEqual(view.table("u").get(A));
        await new Promise((resolve) => setImmediate(resolve));
      }
      await checkpoint;
      using view = storage.view();
      expect(view.table("t").get(A)).toEqual(u64be(round));
    }
  },

  async "refuses to read with a view that was closed"(under) {
    const storage = await under.open(["t"]);
    put(storage, "t", A, A);
    put(storage, "t", B, B);
    await storage.checkpoint();
    const view = storage.view();
    const table = view.table("t");
    const range = table.range()[Symbol.iterator]();
    range.next();
    view.close();
    view.close();
    expectClosed(view, () => range.next());
    expectClosed(view, () => table.get(A));
    const last = storage.view();
    await storage.close();
    expectClosed(last, () => last.table("t"));
  },

  async "bounds how many views there are"(under) {
    await using storage = await under.open(["t"]);
    const views = Array.from({ length: VIEW_COUNT_MAX }, () => storage.view());
    expect(() => storage.view()).toThrow(expect.objectContaining({ code: "resource-exhausted" }));
    views[0]!.close();
    storage.view().close();
  },

  async "knows the tables of the storage"(under) {
    await using storage = await under.open(["t"]);
    using view = storage.view();
    expect(() => view.table("other")).toThrow(expect.objectContaining({ code: "internal" }));
  },
};

function expectClosed(view: StorageView, body: () => unknown): void {
  const closed = expect.objectContaining({ code: "closed" });
  expect(body).toThrow(closed);
  expect(() => view.table("t")).toThrow(closed);
}

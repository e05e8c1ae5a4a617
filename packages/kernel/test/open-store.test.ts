import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { utf8 } from "@lattice/model";
import { kvstore } from "@lattice/kvstore";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStore } from "../src/index.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lattice-kernel-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const key = utf8("hello");
const value = utf8("world");

describe("a store on disk", () => {
  it("keeps what was written when it is opened again", async () => {
    const first = await openStore({ directory, type: kvstore });
    await first.methods.put({ key, value });
    const digest = first.digest();
    await first.close();

    const second = await openStore({ directory, type: kvstore });
    expect((await second.methods.get({ key })).value).toEqual(value);
    expect(second.digest()).toEqual(digest);
    expect(second.id).toEqual(first.id);
    await second.close();
  });

  it("shows a watcher what is there, then what changes", async () => {
    const store = await openStore({ directory, type: kvstore });
    await store.methods.put({ key, value });
    const kinds: number[] = [];
    for await (const event of store.methods.watch({})) {
      kinds.push(event.kind);
      if (kinds.length === 2) await store.methods.delete({ key });
      if (kinds.length === 3) break;
    }
    expect(kinds).toEqual([1, 3, 2]);
    await store.close();
  });
});

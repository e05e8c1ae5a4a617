/** That a flush waits for the disk: seen at the call that syncs, which is held up or made to fail here. */
import fs, { copyFileSync, readFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { utf8 } from "@lattice/model";
import type { LmdbStorage, LmdbStorageOptions } from "../src/index.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

type Open = (options: LmdbStorageOptions) => LmdbStorage;
type Answer = (error: Error | null) => void;

/** The package over a disk that answers when it is told to. */
async function withHeldSync(): Promise<{ open: Open; answers: Answer[] }> {
  const answers: Answer[] = [];
  const original = fs.fdatasync;
  const held = ((_fd: number, answer: Answer) => void answers.push(answer)) as typeof fs.fdatasync;
  const use = (sync: typeof fs.fdatasync): void => {
    fs.fdatasync = sync;
    syncBuiltinESMExports();
    vi.resetModules();
  };
  use(held);
  onTestFinished(() => use(original));
  const { openLmdbStorage } = await import("../src/index.ts");
  return { open: openLmdbStorage, answers };
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function put(storage: LmdbStorage, value: string): void {
  storage.transaction((table) => table("t").put(utf8("key"), utf8(value)));
}

it("resolves when what it wrote is synced, and not before", async () => {
  const { open, answers } = await withHeldSync();
  const path = join(temporaryDirectory(), "log.db");
  const storage = open({ path, tables: ["t"], durability: "journal" });
  put(storage, "the value");
  let isResolved = false;
  const flush = storage.flush().then(() => {
    isResolved = true;
  });
  await settled();
  expect(answers).toHaveLength(1);
  expect(
    readFileSync(path.replace(".db", ".journal")).includes("the value"),
    "written before it is synced",
  ).toBe(true);
  await settled();
  expect(isResolved).toBe(false);
  answers.shift()!(null);
  await flush;
  await storage.close();
});

it("brings nothing back that the disk refused to sync", async () => {
  const { open, answers } = await withHeldSync();
  const path = join(temporaryDirectory(), "log.db");
  const copy = join(temporaryDirectory(), "log.db");
  const storage = open({ path, tables: ["t"], durability: "journal" });
  put(storage, "durable");
  const first = storage.flush();
  await settled();
  answers.shift()!(null);
  await first;
  put(storage, "refused");
  const failing = storage.flush();
  void failing.catch(() => undefined);
  await settled();
  answers.shift()!(new Error("EIO: i/o error, fdatasync"));
  await expect(failing).rejects.toMatchObject({ code: "internal" });
  expect(storage.table("t").get(utf8("key"))).toEqual(utf8("durable"));
  for (const suffix of [".db", ".journal"])
    copyFileSync(path.replace(".db", suffix), copy.replace(".db", suffix));
  await storage.close();
  const again = open({ path: copy, tables: ["t"], durability: "journal" });
  expect(again.table("t").get(utf8("key"))).toEqual(utf8("durable"));
  await again.close();
});

it("is shared by as many writers as there are while one sync is under way", async () => {
  const { open, answers } = await withHeldSync();
  const storage = open({ path: join(temporaryDirectory(), "log.db"), tables: ["t"], durability: "journal" });
  const writers = [...Array(64).keys()].map(async () => {
    for (let round = 0; round < 3; round++) {
      put(storage, `${round}`);
      await storage.flush();
    }
  });
  let syncs = 0;
  for (let waiting = true; waiting;) {
    await settled();
    const answer = answers.shift();
    if (answer) {
      syncs += 1;
      answer(null);
    }
    waiting = answer !== undefined;
  }
  await Promise.all(writers);
  expect(syncs).toBe(3);
  await storage.close();
});

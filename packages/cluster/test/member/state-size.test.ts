import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLmdbStorage } from "@lattice/storage";
import { afterEach, beforeEach, expect, it } from "vitest";
import { StateSize } from "../../src/member/state-size.ts";

let directory: string;

beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), "lattice-"))));
afterEach(() => rm(directory, { recursive: true }));

it("is what it was while the state is closed, since another one comes from the leader", async () => {
  const open = () =>
    openLmdbStorage({ path: join(directory, "state.db"), tables: ["rows"], durability: "checkpoint" });
  const machine = { storage: open() };
  const size = new StateSize({ machine, quotaBytes: 1 << 30, exceeded: () => undefined });
  const { fileBytes, usedBytes } = size;
  expect(fileBytes).toBeGreaterThan(0);
  await machine.storage.close();
  size.measure();
  size.grown();
  expect(size).toMatchObject({ fileBytes, usedBytes });
  machine.storage = open();
  machine.storage.transaction((tx) => tx("rows").put(new Uint8Array([1]), new Uint8Array(99_999)));
  size.measure();
  expect(size.fileBytes).toBeGreaterThan(fileBytes);
  await machine.storage.close();
});

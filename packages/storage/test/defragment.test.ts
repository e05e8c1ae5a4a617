import { join } from "node:path";
import { expect, it } from "vitest";
import { u64be } from "@lattice/model";
import { LmdbFile } from "../src/lmdb/lmdb-file.ts";
import { startChild } from "./child.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

it.each(["4", "7"])("a file that was defragmented again and again takes writes: seed %s", async (seed) => {
  const path = join(temporaryDirectory(), "state.db");
  const { how, errors } = await startChild({ program: "defragment.program.ts", args: [path, seed] }).ended;
  expect(how, errors).toBe(0);
});

it("a copy takes the place of a file that is no larger", async () => {
  const path = join(temporaryDirectory(), "state.db");
  const file = LmdbFile.open({ path, tables: ["t"], sync: false });
  file.write(0, () => file.tables.get("t")!.put(u64be(1), new Uint8Array(3_000)));
  for (let times = 0; times < 3; times++) {
    file.copyTo(`${path}.copy`);
    expect(file.replaceBy(`${path}.copy`)).toBe(true);
  }
  expect([...file.tables.get("t")!.range({})].map(({ key }) => key)).toEqual([u64be(1)]);
  await file.close();
});

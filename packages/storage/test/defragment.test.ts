import { join } from "node:path";
import { expect, it } from "vitest";
import { startChild } from "./child.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

it.each(["4", "7"])("a file that was defragmented again and again takes writes: seed %s", async (seed) => {
  const path = join(temporaryDirectory(), "state.db");
  const { how, errors } = await startChild({ program: "defragment.program.ts", args: [path, seed] }).ended;
  expect(how, errors).toBe(0);
});

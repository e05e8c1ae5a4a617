/** A process is killed while it writes; what it said is durable is there when the file is opened again, and whole. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { readSeqBe } from "@lattice/model";
import { openLmdbStorage } from "../src/index.ts";
import { startChild } from "./child.ts";
import { bytesOf, CRASH_TABLES, KEPT, numberAt } from "./crash-tables.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const LIVES = 5;

it.each(["journal", "checkpoint"] as const)(
  "has what was durable after every kill: %s",
  async (durability) => {
    const path = join(temporaryDirectory(), "log.db");
    for (let life = 1; life <= LIVES; life++) {
      const told = await lastTold([path, durability], life * 11);
      const storage = openLmdbStorage({ path, tables: CRASH_TABLES, durability });
      const [last, ...others] = CRASH_TABLES.map((name) => numberAt(storage.table(name)));
      expect(last).toBeGreaterThanOrEqual(told);
      expect(others).toEqual(others.map(() => last));
      for (const name of CRASH_TABLES) {
        const rows = [...storage.table(name).range()].slice(0, -1);
        expect(rows.map(([key]) => readSeqBe(key))).toEqual(lastNumbers(last!));
        for (const [key, value] of rows) expect(value).toEqual(bytesOf(readSeqBe(key)));
        expect(storage.table(name).count()).toBe(rows.length + 1);
      }
      await storage.close();
    }
  },
);

function lastNumbers(last: number): number[] {
  const count = Math.min(last, KEPT);
  return Array.from({ length: count }, (_, at) => last - count + 1 + at);
}

/** What the program told last before it was killed, after so many lines. */
async function lastTold(args: readonly string[], lines: number): Promise<number> {
  const child = startChild({ program: "crash.program.ts", args });
  let told = 0;
  let count = 0;
  for await (const line of child.lines) {
    told = Math.max(told, Number(line));
    if (++count === lines) child.process.kill("SIGKILL");
  }
  const { how, errors } = await child.ended;
  expect(how, errors).toBe("SIGKILL");
  return told;
}

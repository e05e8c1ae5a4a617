import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readSeqBe } from "@lattice/model";
import { openLmdbStorage, type TableReader } from "../src/index.ts";
import { startChild } from "./child.ts";
import { CRASH_TABLES, LAST, numberAt } from "./crash-tables.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const RUNS = 24;

it("has all that was acknowledged and no half of a transaction, whenever its process is killed", async () => {
  const path = join(temporaryDirectory(), "log.db");
  let replayed = 0;
  for (let run = 0; run < RUNS; run++) {
    // Spread over what the process does between two merges, and beyond.
    const acknowledged = await killAfter(path, 1 + ((run * 37) % 150));
    const storage = openLmdbStorage({ path: copyOf(path), tables: CRASH_TABLES, durability: "journal" });
    if (storage.bytesPending() > 0) replayed += 1;
    const found = CRASH_TABLES.map((name) => storage.table(name)).map(checkTable);
    expect(new Set(found).size, "all tables are of one transaction").toBe(1);
    expect(found[0]).toBeGreaterThanOrEqual(acknowledged);
    await storage.close();
  }
  expect(replayed, "runs that left a journal to replay").toBeGreaterThan(0);
});

/** The number of the last transaction of which the process said that it is durable. */
async function killAfter(path: string, acknowledgements: number): Promise<number> {
  const child = startChild({ program: "crash.program.ts", args: [path] });
  let highest = 0;
  let count = 0;
  for await (const line of child.lines) {
    highest = Math.max(highest, Number(line));
    count += 1;
    if (count === acknowledgements) child.process.kill("SIGKILL");
  }
  const { how, errors } = await child.ended;
  expect(how, errors).toBe("SIGKILL");
  return highest;
}

/** The next process goes on with what the killed one left; this one only looks. */
function copyOf(path: string): string {
  const copy = join(temporaryDirectory(), "log.db");
  for (const suffix of [".db", ".journal"]) {
    const from = path.replace(/\.db$/, suffix);
    if (existsSync(from)) copyFileSync(from, copy.replace(/\.db$/, suffix));
  }
  return copy;
}

/** Transaction n leaves the rows n-19 to n, and the number n. */
function checkTable(table: TableReader): number {
  const last = numberAt(table);
  const numbers = [...table.range({ lt: LAST })].map(([key]) => readSeqBe(key));
  const first = Math.max(1, last - 19);
  expect(numbers).toEqual(Array.from({ length: last - first + 1 }, (_, at) => first + at));
  return last;
}

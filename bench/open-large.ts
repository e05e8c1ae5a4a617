/** Opening a store of a million intentions, in a process that does nothing else. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { openStore } from "@lattice/kernel";
import { kvstore } from "@lattice/kvstore";
import { writeHistory } from "./authors.ts";
import { median, report } from "./report.ts";
import { withScratch } from "./scratch.ts";

const COUNT = Number(process.env["BENCH_OPEN_COUNT"] ?? 1_000_000);
const ROUNDS = 5;

export function benchOpen(): Promise<void> {
  return withScratch(async (directory) => {
    const store = await openStore({ directory: join(directory, "store"), type: kvstore });
    await writeHistory(store, { authorCount: 4, count: COUNT });
    await store.close();
    const runs = Array.from({ length: ROUNDS }, () => openOnce(join(directory, "store")));
    const name = `open a store of ${COUNT.toLocaleString("en")} intentions`;
    report(name, `${median(runs.map(({ ms }) => ms)).toFixed(0)} ms`, "≤ 150 ms");
    report("  resident", `${(median(runs.map(({ rss }) => rss)) / 1e6).toFixed(0)} MB`, "≤ 150 MB");
  });
}

function openOnce(directory: string): { ms: number; rss: number } {
  const program = new URL("./open-once.ts", import.meta.url).pathname;
  const { stdout } = spawnSync(process.execPath, [program, directory], { encoding: "utf8" });
  return JSON.parse(stdout) as { ms: number; rss: number };
}

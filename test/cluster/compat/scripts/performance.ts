/** check perf, at its smallest load: a minute of 150 writes a second. */
import type { CommandOptions, Side } from "../side.ts";

/** What it draws while it goes on, and its figures. */
const MASK: CommandOptions["mask"] = [
  [/^.*\d+%.*$/gm, ""],
  [/\r/g, ""],
  [/\d+(?:\.\d+)?(?: writes\/s|s)\b/g, "<some>"],
  [/^\s*\n/gm, ""],
];

export async function performance(side: Side): Promise<void> {
  await side.run(["check", "perf", "--load=s"], { mask: MASK, patienceMs: 120_000 });
  await side.run(["check", "perf", "--load=nonsense"]);
  await side.run(["get", "/etcdctl-check-perf/", "--prefix", "--keys-only"]);
}

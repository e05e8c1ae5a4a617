/** How long the command takes to say anything at all. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { median, report } from "./report.ts";

const ROUNDS = 11;

export async function benchHelp(): Promise<void> {
  const lattice = fileURLToPath(new URL("../apps/cli/dist/lattice.js", import.meta.url));
  const timed = (args: string[]) => {
    const start = performance.now();
    spawnSync(process.execPath, args);
    return performance.now() - start;
  };
  const bare = median(Array.from({ length: ROUNDS }, () => timed(["-e", "0"])));
  const help = median(Array.from({ length: ROUNDS }, () => timed([lattice, "--help"])));
  report("lattice --help", `${help.toFixed(0)} ms (node alone ${bare.toFixed(0)})`, "≤ 150 ms");
}

/**
 * Kills real nodes on real files at random, and looks at what is left:
 * `pnpm crash [--scenario NAME …] [--rounds N] [--kills N] [--seed N]`.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { mayMount, onMountCommand } from "../mount.ts";
import { runScenario } from "./run-scenario.ts";
import { scenarios } from "./scenarios/all.ts";
import { FULL_DISK_BYTES, fullDisk } from "./scenarios/full-disk.ts";
import type { Figures } from "./figures.ts";

const { values } = parseArgs({
  options: {
    scenario: { type: "string", multiple: true },
    rounds: { type: "string", default: "10" },
    // Of each round.
    kills: { type: "string", default: "10" },
    seed: { type: "string" },
    // The small file system on which this runs by itself.
    mounted: { type: "string" },
  },
});
// With it end the daemons that run.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));

const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));
const wanted = scenarios.filter(({ name }) => values.scenario?.includes(name) ?? true);
if (wanted.length === 0) {
  console.error(`there is no such scenario: say ${scenarios.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
if (values.mounted === undefined) console.log(`seed ${seed}`);
for (const scenario of wanted) {
  if (scenario === fullDisk && values.mounted === undefined) {
    runOnSmallDisk();
    continue;
  }
  const figures = await runScenario(scenario, {
    seed,
    rounds: Number(values.rounds),
    kills: Number(values.kills),
    directory: values.mounted,
    tell: (line) => console.log(line),
  });
  console.log(`${`${scenario.name}:`.padEnd(10)} ${toLine(figures)}`);
  if (figures.faults > 0) process.exitCode = 1;
}

function toLine({ rounds, kills, killsAtStart, acknowledged, checks, faults }: Figures): string {
  return (
    `${rounds} rounds, ${kills} kills (${killsAtStart} of them while starting), ` +
    `${acknowledged} acknowledged writes, ${checks} checks of a store, ${faults} faults`
  );
}

/** The same program, in a name space in which the disk is small. */
function runOnSmallDisk(): void {
  if (!mayMount) {
    console.log("full-disk: left out, no file system can be mounted here");
    return;
  }
  const path = mkdtempSync(join(tmpdir(), "lattice-crash-disk-"));
  const same = ["--rounds", values.rounds, "--kills", values.kills, "--seed", `${seed}`];
  const args = ["--scenario", fullDisk.name, ...same, "--mounted", path];
  const options = `size=${FULL_DISK_BYTES}`;
  const [command, ...words] = onMountCommand({ path, options, program: import.meta.filename, args });
  const { status } = spawnSync(command, words, { stdio: "inherit" });
  rmSync(path, { recursive: true, force: true });
  if (status !== 0) process.exitCode = 1;
}

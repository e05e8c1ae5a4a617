/**
 * `pnpm mutants [raft | cluster] [NAME...] [--seeds N] [--jobs N]`: does the simulator notice each of the faults within its number of
 * seeds? First the product without a fault has to pass; a search that finds something there says nothing about mutants.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { bundleSearch, type Entry } from "./bundle.ts";
import type { SeedLine } from "./entry.ts";
import { clusterMutants } from "./cluster.ts";
import { CLUSTER_SEEDS_MAX, RAFT_SEEDS_MAX, SEEDS_MAX, type Mutant } from "./mutant.ts";
import { mutants } from "./mutants.ts";
import { raftMutants } from "./raft.ts";

interface Kind {
  readonly entry: Entry;
  readonly mutants: readonly Mutant[];
  /** Without a mutant, so many seeds have to pass. */
  readonly soundSeeds: number;
  readonly seedsMax: number;
}

const MESH: Kind = { entry: "entry", mutants, soundSeeds: 5, seedsMax: SEEDS_MAX };
const RAFT: Kind = { entry: "raft-entry", mutants: raftMutants, soundSeeds: 50, seedsMax: RAFT_SEEDS_MAX };
const CLUSTER: Kind = {
  entry: "cluster-entry",
  mutants: clusterMutants,
  soundSeeds: 20,
  seedsMax: CLUSTER_SEEDS_MAX,
};
const KINDS: Readonly<Record<string, Kind>> = { raft: RAFT, cluster: CLUSTER };

const HEAP_MB_MAX = 1500;
/** Of one seed; one that takes longer has got stuck, which nothing inside of it can notice. */
const SEED_MS_MAX = 180_000;

interface Search {
  readonly seedCount: number;
  readonly seconds: number;
  /** What broke a rule, if anything did. */
  readonly found: SeedLine | undefined;
  /** The process itself ended, or did not: no rule has noticed that. */
  readonly trouble: string;
}

const scratch = mkdtempSync(join(tmpdir(), "lattice-mutants-"));

async function search(entry: Entry, mutant: Mutant | undefined, seedsMax: number): Promise<Search> {
  const file = join(scratch, `${mutant?.name ?? "sound"}.mjs`);
  writeFileSync(file, await bundleSearch(entry, mutant));
  const start = performance.now();
  const child = spawn(process.execPath, [`--max-old-space-size=${HEAP_MB_MAX}`, file, "1", String(seedsMax)]);
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  let stderr = "";
  child.stderr.on("data", (text) => (stderr = `${stderr}${text}`.slice(-4000)));
  let seedCount = 0;
  let found: SeedLine | undefined;
  let isStuck = false;
  const stuck = () => {
    isStuck = true;
    child.kill("SIGKILL");
  };
  let watchdog = setTimeout(stuck, SEED_MS_MAX);
  for await (const line of createInterface(child.stdout)) {
    clearTimeout(watchdog);
    watchdog = setTimeout(stuck, SEED_MS_MAX);
    const result = JSON.parse(line) as SeedLine;
    seedCount += 1;
    if (result.check !== undefined) found = result;
  }
  clearTimeout(watchdog);
  const code = await ended;
  const trouble = isStuck
    ? "a seed did not end"
    : code === 0
      ? ""
      : `the process ended with ${code}: ${stderr}`;
  return { seedCount, seconds: (performance.now() - start) / 1000, found, trouble };
}

async function main(): Promise<boolean> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seeds: { type: "string" },
      jobs: { type: "string", default: "1" },
      verbose: { type: "boolean" },
    },
  });
  const named = KINDS[positionals[0] ?? ""];
  const kind = named ?? MESH;
  const names = named === undefined ? positionals : positionals.slice(1);
  const unknown = names.find((name) => !kind.mutants.some((mutant) => mutant.name === name));
  if (unknown !== undefined) throw new Error(`there is no mutant ${unknown}`);
  const chosen = kind.mutants.filter(({ name, escapes }) =>
    names.length === 0 ? escapes === undefined : names.includes(name),
  );
  const sound = await search(kind.entry, undefined, kind.soundSeeds);
  if (sound.found !== undefined || sound.trouble !== "") {
    print(`without a mutant: ${sound.found?.message ?? sound.trouble}`);
    return false;
  }
  print(
    `without a mutant: ${sound.seedCount} seeds in ${sound.seconds.toFixed(0)} s, and no rule is broken\n`,
  );
  print("| mutant | caught by | seeds | seconds | what goes wrong |\n| --- | --- | ---: | ---: | --- |");
  const queue = chosen.values();
  let survivors = 0;
  const work = async () => {
    for (const mutant of queue) {
      const seedsMax = values.seeds === undefined ? (mutant.seedsMax ?? kind.seedsMax) : Number(values.seeds);
      const { found, trouble, seedCount, seconds } = await search(kind.entry, mutant, seedsMax);
      if (found === undefined) survivors += 1;
      const caughtBy = found?.check ?? `SURVIVES${trouble && `: ${trouble.split("\n")[0]}`}`;
      print(`| ${mutant.name} | ${caughtBy} | ${seedCount} | ${seconds.toFixed(0)} | ${mutant.about} |`);
      if (values.verbose === true) print(`    ${found?.message ?? trouble}`);
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, work));
  print(`\n${chosen.length - survivors} of ${chosen.length} mutants are caught`);
  return survivors === 0;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  process.stderr.write(`error: ${(error as Error).message}\n`);
  process.exitCode = 2;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

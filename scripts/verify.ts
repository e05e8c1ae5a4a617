/**
 * `pnpm verify`: everything that must hold before a change is shared. One line a step, the output of the first that
 * fails, and at the very end, on a line of its own, how many tests passed and failed. Writes no file that is kept
 * in version control.
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "./build.ts";
import { checkLayers } from "./layers.ts";
import { REFERENCE_FILES } from "./reference/files.ts";
import { root, run, type Outcome } from "./run.ts";
import { countTests, NO_TESTS, tellCounts, type TestCounts } from "./test-counts.ts";

const scratch = mkdtempSync(join(tmpdir(), "lattice-verify-"));
let counts: TestCounts = NO_TESTS;

/** `types` comes before `lint`, whose rules read the types that it leaves behind. */
const steps: readonly { readonly name: string; run(): Promise<Outcome> | Outcome }[] = [
  { name: "format", run: () => run(["oxfmt", "--check", "."]) },
  { name: "types", run: () => run(["tsc", "-b", "tsconfig.json"]) },
  { name: "lint", run: () => run(["oxlint", "--type-aware", "--deny-warnings"]) },
  { name: "layers", run: verifyLayers },
  { name: "unused code", run: () => run(["knip", "--no-progress"]) },
  { name: "generated code", run: verifyGenerated },
  { name: "build", run: build },
  { name: "simulation", run: () => verifySimulation([], 120) },
  { name: "simulation of Raft", run: () => verifySimulation(["raft"], 45) },
  { name: "simulation of clusters", run: () => verifySimulation(["cluster"], 45) },
  { name: "tests", run: verifyTests },
];

/** Some hundred meshes, thousands of Raft cores, a hundred clusters of servers: other ones for each commit. */
function verifySimulation(kind: readonly string[], seconds: number): Promise<Outcome> {
  const commit = spawnSync("git", ["rev-parse", "HEAD"], { encoding: "utf8" }).stdout?.trim();
  const args = [...kind, "--no-record", "--seconds", String(seconds), "--start", commit || "1"];
  return run(["node", "packages/sim/dist/cli/main.js", ...args]);
}

function verifyLayers(): Outcome {
  const errors = checkLayers(root);
  return { ok: errors.length === 0, output: errors.map((line) => `${line}\n`).join("") };
}

/** What is checked in is what would be generated, file by file. */
async function verifyGenerated(): Promise<Outcome> {
  const fresh = join(scratch, "generated");
  const outcome = await run(["node", "scripts/generate.ts", "--into", fresh]);
  if (!outcome.ok) return outcome;
  const pattern = "{packages,examples}/*/src/gen/**/*.ts";
  const files = new Set([
    ...globSync(pattern, { cwd: root }),
    ...globSync(pattern, { cwd: fresh }),
    ...Object.values(REFERENCE_FILES),
  ]);
  const stale = [...files]
    .filter((file) => readIfAny(join(root, file)) !== readIfAny(join(fresh, file)))
    .sort();
  const lines = stale.map((file) => `${file}: not what \`pnpm generate\` gives\n`);
  return { ok: stale.length === 0, output: lines.join("") };
}

function readIfAny(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

async function verifyTests(): Promise<Outcome> {
  const report = join(scratch, "tests.json");
  const outcome = await run([
    "vitest",
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ]);
  counts = countTests(readIfAny(report), outcome.ok);
  return outcome;
}

async function verify(): Promise<boolean> {
  for (const step of steps) {
    process.stdout.write(`${step.name.padEnd(24)}`);
    const start = performance.now();
    const { ok, output } = await step.run();
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`${ok ? "ok" : "FAILED"}  ${seconds} s`);
    if (!ok) {
      process.stdout.write(`\n${output}\n`);
      if (step.name !== "tests") console.log("The tests were not reached.");
      return false;
    }
  }
  return true;
}

try {
  if (!(await verify())) process.exitCode = 1;
} catch (error) {
  console.log(`\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
  console.log(tellCounts(counts));
}

/**
 * Does the same to a cluster of etcd and to one of ours and compares what comes of it:
 * `pnpm compat [--only NAME …] [--against etcd] [--report FILE]`.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  etcd,
  lattice,
  versionOf,
  type ServerProgram,
} from "../../../packages/testkit/src/clusters/index.ts";
import { allowedDifferences } from "./allowed-differences.ts";
import { compare, type Comparison } from "./compare.ts";
import { report } from "./report.ts";
import type { Script } from "./script.ts";
import { probes } from "./probes/all.ts";
import { scripts as commands } from "./scripts/all.ts";
import { Side } from "./side.ts";
import type { Transcript } from "./transcript.ts";

const LATTICE = join(import.meta.dirname, "../../../apps/cli/dist/lattice.js");

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    // Etcd against itself shows what the comparison itself lets differ.
    against: { type: "string", default: "lattice" },
    report: { type: "string" },
  },
});
// With it end the servers that run.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));

assertInstalled();
const other = values.against === "etcd" ? etcd : lattice(LATTICE);
const scripts: readonly Script[] = [...commands, ...probes];
const wanted = scripts.filter(({ name }) => values.only?.includes(name) ?? true);
if (wanted.length === 0) {
  console.error(`there is no such script: say ${scripts.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
const comparisons: Comparison[] = [];
for (const script of wanted) {
  const [expected, found] = await Promise.all([transcriptOf(script, etcd), transcriptOf(script, other)]);
  const comparison = compare(script.name, expected, found, allowedDifferences);
  comparisons.push(comparison);
  const open = comparison.differences.filter(({ allowed }) => allowed === undefined).length;
  console.error(`${script.name.padEnd(16)} ${comparison.exchangeCount} compared, ${open} differ`);
  if (open > 0) process.exitCode = 1;
}
const text = report(comparisons, ["etcd", values.against]);
if (values.report === undefined) console.log(text);
else writeFileSync(values.report, `${text}\n`);

async function transcriptOf(script: Script, program: ServerProgram): Promise<Transcript> {
  const directory = mkdtempSync(join(tmpdir(), "lattice-compat-"));
  try {
    await using side = await Side.start(program, directory);
    try {
      await script.run(side);
    } catch (error) {
      // On both sides alike, it would not be seen.
      console.error(`${script.name} was given up at ${program.name}: ${textOf(error)}`);
      process.exitCode = 1;
      side.note("(the rest)", "was given up");
    }
    return side.transcript;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function assertInstalled(): void {
  const missing = ["etcd", "etcdctl"].filter((program) => versionOf(program, "--version") === undefined);
  if (missing.length === 0 || versionOf("etcdctl", "version") !== undefined) return;
  console.error(`${missing.join(" and ")} not found: Debian has them in etcd-server and etcd-client`);
  process.exit(2);
}

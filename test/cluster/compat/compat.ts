/**
 * Does the same to a cluster of etcd and to one of ours and compares what comes of it:
 * `pnpm compat [--only NAME …] [--against etcd] [--report FILE]`, or `pnpm compat --record`, which keeps etcd's answers to the
 * probes for those who have no etcd.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { etcd, lattice, versionOf } from "../../../packages/testkit/src/clusters/index.ts";
import { allowedDifferences } from "./allowed-differences.ts";
import { compare, type Comparison } from "./compare.ts";
import { probes } from "./probes/all.ts";
import { writeRecorded } from "./recorded.ts";
import { report } from "./report.ts";
import { runScript } from "./run-script.ts";
import type { Script } from "./script.ts";
import { scripts as commands } from "./scripts/all.ts";
import type { Transcript } from "./transcript.ts";

const LATTICE = join(import.meta.dirname, "../../../apps/cli/dist/lattice.js");

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    // Etcd against itself shows what the comparison itself lets differ.
    against: { type: "string", default: "lattice" },
    report: { type: "string" },
    record: { type: "boolean", default: false },
  },
});
// With it end the servers that run.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));

const missing = missingPrograms();
if (missing.length > 0) {
  console.error(`this compares with etcd itself, and there is no ${missing.join(", no ")}`);
  process.exitCode = 2;
} else if (values.record) await record();
else await compareAll();

async function compareAll(): Promise<void> {
  const scripts: readonly Script[] = [...commands, ...probes];
  const wanted = scripts.filter(({ name }) => values.only?.includes(name) ?? true);
  if (wanted.length === 0) {
    console.error(`there is no such script: say ${scripts.map(({ name }) => name).join(", ")}`);
    process.exitCode = 2;
    return;
  }
  const other = values.against === "etcd" ? etcd : lattice(LATTICE);
  const comparisons: Comparison[] = [];
  for (const script of wanted) {
    const [theirs, ours] = await Promise.all([runScript(script, etcd), runScript(script, other)]);
    for (const [{ name }, { failure }] of [
      [etcd, theirs],
      [other, ours],
    ] as const) {
      if (failure === undefined) continue;
      console.error(`${script.name} was given up at ${name}: ${String(failure)}`);
      process.exitCode = 1;
    }
    comparisons.push(compare(script.name, theirs.transcript, ours.transcript, allowedDifferences));
    tell(comparisons.at(-1)!);
  }
  const text = report(comparisons, ["etcd", values.against]);
  if (values.report === undefined) console.log(text);
  else writeFileSync(values.report, `${text}\n`);
}

function tell({ script, exchangeCount, differences }: Comparison): void {
  const open = differences.filter(({ allowed }) => allowed === undefined).length;
  console.error(`${script.padEnd(16)} ${exchangeCount} compared, ${open} differ`);
  if (open > 0) process.exitCode = 1;
}

async function record(): Promise<void> {
  const transcripts: Record<string, Transcript> = {};
  for (const probe of probes) {
    const { transcript, failure } = await runScript(probe, etcd);
    if (failure !== undefined) throw new Error(`${probe.name} was given up`, { cause: failure });
    transcripts[probe.name] = transcript;
    console.error(`${probe.name.padEnd(16)} ${transcript.length} answers`);
  }
  writeRecorded({ version: versionOf("etcd", "--version")!, transcripts });
}

function missingPrograms(): string[] {
  const needed = [
    ["etcd (Debian: etcd-server)", versionOf("etcd", "--version")],
    ["etcdctl (Debian: etcd-client)", versionOf("etcdctl", "version")],
    [
      "etcd3 for python3 (Debian: python3-etcd3)",
      versionOf("/usr/bin/python3", "-c", "import etcd3; print(1)"),
    ],
  ] as const;
  return needed.filter(([, version]) => version === undefined).map(([name]) => name);
}

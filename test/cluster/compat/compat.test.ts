/** Our answers to every probe beside those of etcd, as they were recorded; `pnpm compat` compares with etcd itself, and more. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { lattice } from "../../../packages/testkit/src/clusters/index.ts";
import { allowedDifferences } from "./allowed-differences.ts";
import { compare } from "./compare.ts";
import { probes } from "./probes/all.ts";
import { readRecorded } from "./recorded.ts";
import { report } from "./report.ts";
import { runScript } from "./run-script.ts";
import { npmEtcd3 } from "./scripts/programs.ts";

const LATTICE = join(import.meta.dirname, "../../../apps/cli/dist/lattice.js");
const { version, transcripts } = readRecorded();

it.each(probes)(`$name answers as ${version} does`, async (probe) => {
  const { transcript, failure } = await runScript(probe, lattice(LATTICE));
  expect(failure).toBeUndefined();
  const comparison = compare(probe.name, transcripts[probe.name]!, transcript, allowedDifferences);
  const open = comparison.differences.filter(({ allowed }) => allowed === undefined);
  expect(open.length, report([comparison], ["etcd", "lattice"])).toBe(0);
  expect(comparison.exchangeCount).toBeGreaterThan(20);
});

it("npm's etcd3 does with Lattice what it does with etcd", async () => {
  const { transcript, failure } = await runScript({ name: "npm-etcd3", run: npmEtcd3 }, lattice(LATTICE));
  expect(failure).toBeUndefined();
  const [exchange] = transcript;
  // Each of its parts tells something, and the last one is reached.
  expect(exchange!.answered).toContain('memory: [2,"42"]');
  expect(exchange!.answered).toContain('leader: "alice"');
  expect(exchange!.answered).not.toContain("exit");
});

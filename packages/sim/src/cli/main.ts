/**
 * `pnpm sim`: searches seeds for one that breaks a rule, or runs one again.
 *
 *   --seed S        one seed: its trace hash, and where it fails, what happened
 *   --timeline      with --seed: what happened in any case
 *   --seeds N       N seeds, from --start S on (default 1)
 *   --machines N    with --seed: how many machines, 2 to 50, whatever the seed says
 *   --seconds N     as many seeds as begin within N seconds
 *   --keep          go on after a failure
 *   --large         one mesh of 25 machines with 10,000 writes, three partitions and 5 % loss
 *   --jobs N        default: one for each core
 *   --no-record     do not keep what fails in regressions.json
 */
import { parseArgs } from "node:util";
import { LatticeError } from "@lattice/model";
import { explain, timelineLines } from "../find-violation.ts";
import { makeLargePlan } from "../plan/large-plan.ts";
import { makePlan } from "../plan/make-plan.ts";
import type { Plan } from "../plan/action.ts";
import { parseSeed, seedsFrom } from "../seed.ts";
import { simulate } from "../simulate.ts";
import { shippedWorkloads as workloads } from "../workloads/shipped.ts";
import { addRegression, readRegressions } from "./regressions.ts";
import { Totals } from "./report.ts";
import { search } from "./search.ts";

const MACHINES_MAX = 50;
const PROGRESS_EVERY = 500;

interface Arguments {
  readonly seed: string | undefined;
  readonly timeline: boolean;
  readonly seeds: number;
  readonly start: string;
  readonly seconds: number;
  readonly machines: number | undefined;
  readonly keep: boolean;
  readonly large: boolean;
  readonly record: boolean;
  readonly jobs: number | undefined;
}

function readArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      seed: { type: "string" },
      timeline: { type: "boolean", default: false },
      seeds: { type: "string" },
      start: { type: "string", default: "1" },
      seconds: { type: "string" },
      machines: { type: "string" },
      keep: { type: "boolean", default: false },
      large: { type: "boolean", default: false },
      record: { type: "boolean", default: true },
      jobs: { type: "string" },
    },
  });
  const seconds = values.seconds === undefined ? Infinity : numberOf("seconds", values.seconds);
  return {
    seed: values.seed === undefined ? undefined : parseSeed(values.seed),
    timeline: values.timeline,
    seeds: values.seeds === undefined ? (seconds === Infinity ? 100 : 1e9) : numberOf("seeds", values.seeds),
    start: parseSeed(values.start),
    seconds,
    machines: values.machines === undefined ? undefined : machineCountOf(values.machines),
    keep: values.keep,
    large: values.large,
    record: values.record,
    jobs: values.jobs === undefined ? undefined : numberOf("jobs", values.jobs),
  };
}

function numberOf(name: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new LatticeError("invalid-argument", `--${name} wants a whole number from 1 on, not "${text}"`);
}

function machineCountOf(text: string): number {
  const count = numberOf("machines", text);
  if (count >= 2 && count <= MACHINES_MAX) return count;
  throw new LatticeError("invalid-argument", `a mesh has 2 to ${MACHINES_MAX} machines, not ${count}`);
}

async function main(): Promise<boolean> {
  const given = readArguments(process.argv.slice(2));
  if (given.large) return runOne(makeLargePlan({ machineCount: 25, writeCount: 10_000 }), given);
  if (given.seed === undefined) return searchSeeds(given);
  const { seed, machines } = given;
  const size = machines === undefined ? {} : { machineCount: machines };
  return runOne(makePlan({ seed, workloadCount: workloads.length, ...size }), given);
}

async function runOne(plan: Plan, { timeline, large, record }: Arguments): Promise<boolean> {
  const start = performance.now();
  const outcome = await simulate({ plan, workloads, keepsTimeline: true });
  const totals = new Totals();
  totals.add(outcome);
  if (timeline) print(timelineLines(outcome));
  print(totals.lines((performance.now() - start) / 1000));
  console.log(`seed ${plan.seed}  trace ${outcome.traceHash}  ${outcome.violation?.message ?? "ok"}`);
  if (outcome.violation === undefined) return true;
  if (!large) await tell(plan, outcome.violation.check, { records: record });
  return false;
}

async function searchSeeds(given: Arguments): Promise<boolean> {
  if (!(await runRegressions())) return false;
  const totals = new Totals();
  const failed: { seed: string; check: string }[] = [];
  const start = performance.now();
  await search({
    seeds: seedsFrom(given.start, given.seeds),
    seconds: given.seconds,
    stopsAtFailure: !given.keep,
    ...(given.jobs !== undefined && { jobs: given.jobs }),
    onResult: (result) => {
      totals.add(result);
      if (totals.seedCount % PROGRESS_EVERY === 0) {
        console.error(`${totals.seedCount} seeds in ${Math.round((performance.now() - start) / 1000)} s`);
      }
      if (result.check === undefined) return;
      failed.push({ seed: result.seed, check: result.check });
      console.log(`seed ${result.seed}  trace ${result.traceHash}  ${result.message}`);
    },
  });
  print(totals.lines((performance.now() - start) / 1000));
  if (totals.count("writes acknowledged") === 0) {
    console.log("nothing was written at all, so nothing was shown: look into one with --seed S --timeline");
    return false;
  }
  if (failed.length === 0) {
    console.log(`no rule was broken, from seed ${given.start} on`);
    return true;
  }
  const { seed, check } = failed[0]!;
  await tell(makePlan({ seed, workloadCount: workloads.length }), check, { records: given.record });
  return false;
}

async function runRegressions(): Promise<boolean> {
  const regressions = readRegressions();
  for (const { plan, about } of regressions) {
    const { violation } = await simulate({ plan, workloads });
    if (violation === undefined) continue;
    console.log(`a fault is back: ${about}\n${violation.message}`);
    await tell(plan, violation.check, { records: false });
    return false;
  }
  if (regressions.length > 0) console.log(`${regressions.length} old faults have not come back`);
  return true;
}

/** The shortest plan that breaks the same rule, and what happens in it. */
async function tell(plan: Plan, check: string, { records }: { records: boolean }): Promise<void> {
  const found = await explain({ plan, workloads, check });
  print(["", ...found.lines]);
  if (!records) return;
  addRegression({ check, about: found.message.split("\n")[0]!, plan: found.plan });
  console.log(`\nkept in packages/sim/regressions.json; again: pnpm sim --seed 0x${plan.seed}`);
}

function print(lines: readonly string[]): void {
  if (lines.length > 0) console.log(lines.join("\n"));
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  console.error(`error: ${(error as Error).message}`);
  process.exitCode = 2;
}

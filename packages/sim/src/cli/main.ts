/**
 * `pnpm sim [raft]`: searches seeds for one that breaks a rule, or runs one again. Of a mesh, or of a Raft cluster.
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
import { LatticeError } from "@lattice/model";
import { explain, timelineLines } from "../find-violation.ts";
import { makeLargePlan } from "../plan/large-plan.ts";
import { makePlan } from "../plan/make-plan.ts";
import type { Plan } from "../plan/action.ts";
import { seedsFrom } from "../seed.ts";
import { simulate } from "../simulate.ts";
import { shippedWorkloads as workloads } from "../workloads/shipped.ts";
import { readArguments, wholeNumber, type Arguments } from "./arguments.ts";
import { simRaft } from "./raft.ts";
import { Regressions } from "./regressions.ts";
import { Totals } from "./report.ts";
import { search } from "./search.ts";
import type { SeedResult } from "./worker.ts";

const MACHINES_MAX = 50;
const PROGRESS_EVERY = 500;

const regressions = new Regressions<Plan>("regressions.json");

function machineCountOf(text: string | boolean | undefined): number | undefined {
  const count = wholeNumber("machines", text);
  if (count === undefined || (count >= 2 && count <= MACHINES_MAX)) return count;
  throw new LatticeError("invalid-argument", `a mesh has 2 to ${MACHINES_MAX} machines, not ${count}`);
}

async function main(): Promise<boolean> {
  const args = process.argv.slice(2);
  if (args[0] === "raft") return simRaft(args.slice(1));
  const given = readArguments(args, {
    machines: { type: "string" },
    large: { type: "boolean", default: false },
  });
  if (given.own["large"] === true) {
    return runOne(makeLargePlan({ machineCount: 25, writeCount: 10_000 }), given);
  }
  if (given.seed === undefined) return searchSeeds(given);
  const machineCount = machineCountOf(given.own["machines"]);
  const size = machineCount === undefined ? {} : { machineCount };
  return runOne(makePlan({ seed: given.seed, workloadCount: workloads.length, ...size }), given);
}

async function runOne(plan: Plan, { timeline, own, record }: Arguments): Promise<boolean> {
  const start = performance.now();
  const outcome = await simulate({ plan, workloads, keepsTimeline: true });
  const totals = new Totals();
  totals.add(outcome);
  if (timeline) print(timelineLines(outcome));
  print(totals.lines((performance.now() - start) / 1000));
  console.log(`seed ${plan.seed}  trace ${outcome.traceHash}  ${outcome.violation?.message ?? "ok"}`);
  if (outcome.violation === undefined) return true;
  if (own["large"] !== true) await tell(plan, outcome.violation.check, { records: record });
  return false;
}

async function searchSeeds(given: Arguments): Promise<boolean> {
  if (!(await runRegressions())) return false;
  const totals = new Totals();
  const failed: { seed: string; check: string }[] = [];
  const start = performance.now();
  await search<SeedResult>({
    worker: "worker",
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
  const all = regressions.all();
  for (const { plan, about } of all) {
    const { violation } = await simulate({ plan, workloads });
    if (violation === undefined) continue;
    console.log(`a fault is back: ${about}\n${violation.message}`);
    await tell(plan, violation.check, { records: false });
    return false;
  }
  if (all.length > 0) console.log(`${all.length} old faults have not come back`);
  return true;
}

/** The shortest plan that breaks the same rule, and what happens in it. */
async function tell(plan: Plan, check: string, { records }: { records: boolean }): Promise<void> {
  const found = await explain({ plan, workloads, check });
  print(["", ...found.lines]);
  if (!records) return;
  regressions.add({ check, about: found.message.split("\n")[0]!, plan: found.plan });
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

/** `pnpm sim raft`: the search for seeds that break a rule of consensus. Takes the same options, but for those of a mesh. */
import { storyLines, timelineLines } from "../find-violation.ts";
import type { RaftPlan } from "../raft/action.ts";
import { makeRaftPlan } from "../raft/make-raft-plan.ts";
import { simulateRaft } from "../raft/simulate-raft.ts";
import { seedsFrom } from "../seed.ts";
import { shrink } from "../shrink.ts";
import { readArguments, type Arguments } from "./arguments.ts";
import type { RaftSeedResult } from "./raft-worker.ts";
import { Regressions } from "./regressions.ts";
import { RaftTotals } from "./raft-report.ts";
import { search } from "./search.ts";

const SHRINK_TRIES_MAX = 1000;
const PROGRESS_EVERY = 2000;

const regressions = new Regressions<RaftPlan>("raft-regressions.json");

/** Says whether no rule was broken. */
export async function simRaft(args: readonly string[]): Promise<boolean> {
  const given = readArguments(args);
  return given.seed === undefined ? searchSeeds(given) : runOne(makeRaftPlan(given.seed), given);
}

async function runOne(plan: RaftPlan, { timeline, record }: Arguments): Promise<boolean> {
  const start = performance.now();
  const outcome = simulateRaft(plan, { keepsTimeline: true });
  const totals = new RaftTotals();
  totals.add(outcome);
  if (timeline) print(timelineLines(outcome));
  print(totals.lines((performance.now() - start) / 1000));
  print([`seed ${plan.seed}  trace ${outcome.traceHash}  ${outcome.violation?.message ?? "ok"}`]);
  if (outcome.violation === undefined) return true;
  await tell(plan, outcome.violation.check, record);
  return false;
}

async function searchSeeds(given: Arguments): Promise<boolean> {
  if (!(await runRegressions())) return false;
  const totals = new RaftTotals();
  const failed: RaftSeedResult[] = [];
  const start = performance.now();
  await search<RaftSeedResult>({
    worker: "raft-worker",
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
      failed.push(result);
      print([`seed ${result.seed}  trace ${result.traceHash}  ${result.message}`]);
    },
  });
  print(totals.lines((performance.now() - start) / 1000));
  if (totals.count("answers") === 0) {
    print(["nobody was ever answered, so nothing was shown: look into one with --seed S --timeline"]);
    return false;
  }
  const [first] = failed;
  if (first === undefined) {
    print([`no rule was broken, from seed ${given.start} on`]);
    return true;
  }
  await tell(makeRaftPlan(first.seed), first.check!, given.record);
  return false;
}

async function runRegressions(): Promise<boolean> {
  const all = regressions.all();
  for (const { plan, about } of all) {
    const { violation } = simulateRaft(plan);
    if (violation === undefined) continue;
    print([`a fault is back: ${about}`, violation.message]);
    await tell(plan, violation.check, false);
    return false;
  }
  if (all.length > 0) print([`${all.length} old faults have not come back`]);
  return true;
}

/** The shortest plan that breaks the same rule, and what happens in it. */
async function tell(plan: RaftPlan, check: string, records: boolean): Promise<void> {
  const fails = async (candidate: RaftPlan) => simulateRaft(candidate).violation?.check === check;
  const short = await shrink(plan, { fails, triesMax: SHRINK_TRIES_MAX });
  const outcome = simulateRaft(short, { keepsTimeline: true });
  print(["", ...storyLines(plan, short, outcome)]);
  if (!records) return;
  regressions.add({ check, about: (outcome.violation?.message ?? check).split("\n")[0]!, plan: short });
  print(["", `kept in packages/sim/raft-regressions.json; again: pnpm sim raft --seed 0x${plan.seed}`]);
}

function print(lines: readonly string[]): void {
  if (lines.length > 0) console.log(lines.join("\n"));
}

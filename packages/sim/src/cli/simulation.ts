/** What `pnpm sim` does, whatever it is that is simulated: run one seed, search many, keep and tell what breaks a rule. */
import { storyLines, timelineLines } from "../find-violation.ts";
import { seedsFrom } from "../seed.ts";
import { shrink, type ShrinkablePlan } from "../shrink.ts";
import type { TimelineEntry } from "../trace.ts";
import type { Violation } from "../violation.ts";
import type { Arguments } from "./arguments.ts";
import type { Regressions } from "./regressions.ts";
import { search, type SeedAnswer, type WorkerName } from "./search.ts";

/** A kind of simulation: its plans, and the figures that come of one. */
export interface Simulation<Plan, Figures> {
  readonly command: string;
  readonly worker: WorkerName;
  readonly regressions: Regressions<Plan>;
  readonly progressEvery: number;
  /** How many plans are tried to find the shortest. */
  readonly shrinkTriesMax: number;
  /** What has to have happened at all for a search to have shown anything. */
  readonly vital: string;
  planOf(seed: string): Plan;
  simulate(plan: Plan, options: { keepsTimeline: boolean }): Promise<Figures & Told>;
  newTotals(): Totals<Figures>;
}

interface Told {
  readonly violation: Violation | undefined;
  readonly traceHash: string;
  readonly timeline: readonly TimelineEntry[];
}

/** Figures of many runs, added up. */
export interface Totals<Figures> {
  readonly seedCount: number;
  add(figures: Figures): void;
  count(what: string): number;
  lines(seconds: number): string[];
}

type Answer<Figures> = Figures &
  SeedAnswer & { readonly traceHash: string; readonly message: string | undefined };

interface SeededPlan extends ShrinkablePlan {
  readonly seed: string;
}

/** Says whether no rule was broken. */
export async function runSimulation<Plan extends SeededPlan, Figures>(
  simulation: Simulation<Plan, Figures>,
  given: Arguments,
): Promise<boolean> {
  if (given.seed !== undefined) return runOne(simulation, simulation.planOf(given.seed), given);
  return (await runRegressions(simulation)) && searchSeeds(simulation, given);
}

export async function runOne<Plan extends SeededPlan, Figures>(
  simulation: Simulation<Plan, Figures>,
  plan: Plan,
  { timeline, record }: Pick<Arguments, "timeline" | "record">,
): Promise<boolean> {
  const start = performance.now();
  const outcome = await simulation.simulate(plan, { keepsTimeline: true });
  const totals = simulation.newTotals();
  totals.add(outcome);
  if (timeline) print(timelineLines(outcome));
  print(totals.lines((performance.now() - start) / 1000));
  print([`seed ${plan.seed}  trace ${outcome.traceHash}  ${outcome.violation?.message ?? "ok"}`]);
  if (outcome.violation === undefined) return true;
  await tell(simulation, plan, { check: outcome.violation.check, record });
  return false;
}

async function searchSeeds<Plan extends SeededPlan, Figures>(
  simulation: Simulation<Plan, Figures>,
  { start, seeds, seconds, keep, jobs, record }: Arguments,
): Promise<boolean> {
  const totals = simulation.newTotals();
  const failed: SeedAnswer[] = [];
  const beganAt = performance.now();
  const passed = () => (performance.now() - beganAt) / 1000;
  await search<Answer<Figures>>({
    worker: simulation.worker,
    seeds: seedsFrom(start, seeds),
    seconds,
    stopsAtFailure: !keep,
    ...(jobs !== undefined && { jobs }),
    onResult: (result) => {
      totals.add(result);
      if (totals.seedCount % simulation.progressEvery === 0) {
        console.error(`${totals.seedCount} seeds in ${Math.round(passed())} s`);
      }
      if (result.check === undefined) return;
      failed.push(result);
      print([`seed ${result.seed}  trace ${result.traceHash}  ${result.message}`]);
    },
  });
  print(totals.lines(passed()));
  if (totals.count(simulation.vital) === 0) {
    print([`not once "${simulation.vital}": nothing was shown. Look into one with --seed S --timeline`]);
    return false;
  }
  const [first] = failed;
  if (first === undefined) {
    print([`no rule was broken, from seed ${start} on`]);
    return true;
  }
  await tell(simulation, simulation.planOf(first.seed), { check: first.check!, record });
  return false;
}

async function runRegressions<Plan extends SeededPlan, Figures>(
  simulation: Simulation<Plan, Figures>,
): Promise<boolean> {
  const all = simulation.regressions.all();
  for (const { plan, about } of all) {
    const { violation } = await simulation.simulate(plan, { keepsTimeline: false });
    if (violation === undefined) continue;
    print([`a fault is back: ${about}`, violation.message]);
    await tell(simulation, plan, { check: violation.check, record: false });
    return false;
  }
  if (all.length > 0) print([`${all.length} old faults have not come back`]);
  return true;
}

/** The shortest plan that breaks the same rule, and what happens in it. */
async function tell<Plan extends SeededPlan, Figures>(
  simulation: Simulation<Plan, Figures>,
  plan: Plan,
  { check, record }: { check: string; record: boolean },
): Promise<void> {
  const fails = async (candidate: Plan) => {
    const { violation } = await simulation.simulate(candidate, { keepsTimeline: false });
    return violation?.check === check;
  };
  const short = await shrink(plan, { fails, triesMax: simulation.shrinkTriesMax });
  const outcome = await simulation.simulate(short, { keepsTimeline: true });
  print(["", ...storyLines(plan, short, outcome)]);
  if (!record) return;
  const about = (outcome.violation?.message ?? check).split("\n")[0]!;
  simulation.regressions.add({ check, about, plan: short });
  print(["", `kept in ${simulation.regressions.name}; again: ${simulation.command} --seed 0x${plan.seed}`]);
}

function print(lines: readonly string[]): void {
  if (lines.length > 0) console.log(lines.join("\n"));
}

/** The search in one call, for tests: of a store type of one's own, say. */
import type { Plan } from "./plan/action.ts";
import { makePlan } from "./plan/make-plan.ts";
import { parseSeed, seedsFrom } from "./seed.ts";
import { shrink, type ShrinkablePlan } from "./shrink.ts";
import { simulate, type Outcome } from "./simulate.ts";
import type { Workload } from "./workloads/workload.ts";

const SHRINK_TRIES_MAX = 300;

export interface FindOptions {
  readonly workloads: readonly Workload[];
  /** How many seeds are tried. */
  readonly seeds: number;
  /** The first of them: a number, or the hash of a commit. Default: 1. */
  readonly from?: string;
}

/** What was found, with the shortest plan that shows it. */
export interface Found {
  readonly seed: string;
  readonly check: string;
  readonly message: string;
  readonly plan: Plan;
  /** For a reader: what is done, and what comes of it. */
  readonly lines: readonly string[];
}

/** The first thing that must not be; undefined where all seeds come right. */
export async function findViolation({
  workloads,
  seeds,
  from = "1",
}: FindOptions): Promise<Found | undefined> {
  for (const seed of seedsFrom(parseSeed(from), seeds)) {
    const plan = makePlan({ seed, workloadCount: workloads.length });
    const { violation } = await simulate({ plan, workloads });
    if (violation !== undefined) return explain({ plan, workloads, check: violation.check });
  }
  return undefined;
}

/** Shortens a plan that breaks a rule, and tells what happens in it. */
export async function explain(options: {
  plan: Plan;
  workloads: readonly Workload[];
  check: string;
}): Promise<Found> {
  const { plan, workloads, check } = options;
  const fails = async (candidate: Plan) =>
    (await simulate({ plan: candidate, workloads })).violation?.check === check;
  const short = await shrink(plan, { fails, triesMax: SHRINK_TRIES_MAX });
  const outcome = await simulate({ plan: short, workloads, keepsTimeline: true });
  const lines = storyLines(plan, short, outcome);
  return { seed: plan.seed, check, message: outcome.violation?.message ?? check, plan: short, lines };
}

/** What of a plan breaks the rule, and what comes of that. */
export function storyLines(
  plan: ShrinkablePlan,
  short: ShrinkablePlan,
  outcome: Pick<Outcome, "timeline">,
): string[] {
  return [
    `${short.actions.length} of ${plan.actions.length} actions break the same rule:`,
    ...planLines(short.actions),
    "",
    "what happens:",
    ...timelineLines(outcome),
  ];
}

export function timelineLines({ timeline }: Pick<Outcome, "timeline">): string[] {
  return timeline.map(({ atMs, who, text }) => `${secondsText(atMs)}  ${who.padEnd(8)} ${text}`);
}

function planLines(actions: ShrinkablePlan["actions"]): string[] {
  return actions.map(({ atMs, ...action }) => `${secondsText(atMs)}  ${JSON.stringify(action)}`);
}

function secondsText(ms: number): string {
  return `${(ms / 1000).toFixed(3).padStart(10)} s`;
}

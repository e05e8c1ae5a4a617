/** One simulation: a plan, run to its end or to the first thing that must not be. */
import { finale } from "./finale.ts";
import type { Plan } from "./plan/action.ts";
import { startMachine } from "./plan/machine-life.ts";
import { perform } from "./plan/perform.ts";
import { settled } from "./scheduler.ts";
import type { TimelineEntry } from "./trace.ts";
import { Violation } from "./violation.ts";
import { World } from "./world.ts";
import type { Workload } from "./workloads/workload.ts";

export interface Outcome {
  readonly plan: Plan;
  readonly traceHash: string;
  readonly stepCount: number;
  readonly simulatedMs: number;
  /** That it took to come right after the faults. */
  readonly rounds: number;
  readonly violation: Violation | undefined;
  readonly counts: ReadonlyMap<string, number>;
  readonly timeline: readonly TimelineEntry[];
}

export interface SimulateOptions {
  readonly plan: Plan;
  readonly workloads: readonly Workload[];
  /** For a reader; costs memory. */
  readonly keepsTimeline?: boolean;
}

export async function simulate({
  plan,
  workloads,
  keepsTimeline = false,
}: SimulateOptions): Promise<Outcome> {
  const world = new World({ plan, workloads, keepsTimeline });
  const unhandled = (reason: unknown) =>
    world.fail(new Violation("unhandled rejection", String((reason as Error)?.stack ?? reason)));
  process.on("unhandledRejection", unhandled);
  let rounds = 0;
  try {
    for (const machine of world.machines) world.begin(startMachine(world, machine));
    await settled();
    // What a plan has behind its end would come in between the checks.
    for (const action of plan.actions.filter(({ atMs }) => atMs < plan.untilMs))
      world.queue.after(action.atMs, action.kind, () => perform(world, action));
    while (world.nowMs < plan.untilMs && world.violation === undefined && (await world.step()));
    if (world.violation === undefined) rounds = await finale(world);
  } catch (error) {
    world.fail(
      error instanceof Violation ? error : new Violation("exception", String((error as Error)?.stack)),
    );
  } finally {
    for (const mirror of world.mirrors) mirror.stop();
    await settled();
    process.off("unhandledRejection", unhandled);
  }
  if (world.violation !== undefined) world.tell("all", `VIOLATION ${world.violation.message}`);
  return {
    plan,
    traceHash: world.trace.digest(),
    stepCount: world.queue.stepCount,
    simulatedMs: world.nowMs,
    rounds,
    violation: world.violation,
    counts: world.trace.counts,
    timeline: world.trace.timeline,
  };
}

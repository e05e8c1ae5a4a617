import { describe, expect, it } from "vitest";
import { readRegressions } from "../src/cli/regressions.ts";
import { makePlan, simulate, Violation, type Plan, type Workload } from "../src/index.ts";
import { seedOf } from "../src/seed.ts";
import { shrink } from "../src/shrink.ts";
import { shippedWorkloads as workloads } from "../src/workloads/shipped.ts";

const planOf = (seed: bigint) => makePlan({ seed: seedOf(seed), workloadCount: workloads.length });

describe("a simulation", () => {
  it("is the same each time that it is run", async () => {
    const [first, again] = [
      await simulate({ plan: planOf(3n), workloads }),
      await simulate({ plan: planOf(3n), workloads, keepsTimeline: true }),
    ];
    expect(first.violation).toBeUndefined();
    expect(again.traceHash).toBe(first.traceHash);
    expect(again.stepCount).toBe(first.stepCount);
  });

  it("is another one for another seed", async () => {
    const hashes = new Set<string>();
    for (const seed of [11n, 12n, 13n])
      hashes.add((await simulate({ plan: planOf(seed), workloads })).traceHash);
    expect(hashes.size).toBe(3);
  });

  it("is decided by its plan, and the plan survives being written down", async () => {
    const plan = JSON.parse(JSON.stringify(planOf(5n))) as Plan;
    const { traceHash } = await simulate({ plan, workloads });
    expect(traceHash).toBe((await simulate({ plan: planOf(5n), workloads })).traceHash);
  });

  it("finds a store type whose states do not converge, and says how in a few actions", async () => {
    const plan = planOf(4n);
    const broken = workloads.map(forgetful);
    const { violation } = await simulate({ plan, workloads: broken });
    expect(violation).toBeInstanceOf(Violation);
    const fails = async (candidate: Plan) =>
      (await simulate({ plan: candidate, workloads: broken })).violation?.check === violation!.check;
    const short = await shrink(plan, { fails, triesMax: 60 });
    expect(short.actions.length).toBeLessThan(plan.actions.length / 2);
    const { timeline } = await simulate({ plan: short, workloads: broken, keepsTimeline: true });
    expect(timeline.at(-1)!.text).toContain("VIOLATION");
  });
});

it("does not find again what it found once", async () => {
  for (const { about, plan } of readRegressions()) {
    expect([about, (await simulate({ plan, workloads })).violation]).toEqual([about, undefined]);
  }
});

/** Counts how many ops it has applied, which is another number in another order once some are refused. */
function forgetful(workload: Workload): Workload {
  const { type } = workload;
  let applied = 0;
  const apply: typeof type.apply = (tx, op) => {
    applied += 1;
    return applied % 17 === 0 ? [] : type.apply(tx, op);
  };
  return { ...workload, type: { ...type, apply } };
}

import { describe, expect, it } from "vitest";
import { Regressions } from "../src/cli/regressions.ts";
import { simulateCluster } from "../src/cluster/simulate-cluster.ts";
import type { RaftPlan } from "../src/raft/action.ts";
import { makeRaftPlan } from "../src/raft/make-raft-plan.ts";
import { seedOf, seedsFrom } from "../src/seed.ts";

const planOf = (seed: number): RaftPlan => makeRaftPlan(seedOf(BigInt(seed)));

describe("a simulated cluster of whole servers", () => {
  it("does the same for the same seed, and something else for another", async () => {
    const first = await simulateCluster(planOf(7));
    expect(await simulateCluster(planOf(7))).toEqual(first);
    expect((await simulateCluster(planOf(8))).traceHash).not.toBe(first.traceHash);
  });

  it("breaks no rule in some lives full of trouble, and every history is judged", async () => {
    const total = new Map<string, number>();
    for (const seed of seedsFrom(seedOf(1n), 8)) {
      const { violation, counts } = await simulateCluster(makeRaftPlan(seed));
      expect(violation).toBeUndefined();
      for (const [what, count] of counts) total.set(what, (total.get(what) ?? 0) + count);
    }
    expect(total.get("history linearizable")).toBe(8);
    for (const what of ["answers", "unknown", "action crash", "messages lost"])
      expect(total.get(what), what).toBeGreaterThan(30);
  });

  it("has had no violation that came back", async () => {
    for (const { plan } of new Regressions<RaftPlan>("cluster-regressions.json").all())
      expect((await simulateCluster(plan)).violation).toBeUndefined();
  });
});

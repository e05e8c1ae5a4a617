/** What a bundle of clusters of whole servers runs: as entry.ts. */
import { simulateCluster } from "../src/cluster/simulate-cluster.ts";
import { makeRaftPlan } from "../src/raft/make-raft-plan.ts";
import { seedOf, seedsFrom } from "../src/seed.ts";
import type { SeedLine } from "./entry.ts";

const [from, count] = process.argv.slice(2).map(Number);

for (const seed of seedsFrom(seedOf(BigInt(from!)), count!)) {
  const { violation } = await simulateCluster(makeRaftPlan(seed));
  const line: SeedLine = { seed, ...(violation && { check: violation.check, message: violation.message }) };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  if (violation !== undefined) break;
}

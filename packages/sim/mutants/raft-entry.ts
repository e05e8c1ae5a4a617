/** What a bundle of clusters runs: as entry.ts. */
import { makeRaftPlan } from "../src/raft/make-raft-plan.ts";
import { simulateRaft } from "../src/raft/simulate-raft.ts";
import { seedOf, seedsFrom } from "../src/seed.ts";
import type { SeedLine } from "./entry.ts";

const [from, count] = process.argv.slice(2).map(Number);

for (const seed of seedsFrom(seedOf(BigInt(from!)), count!)) {
  const { violation } = simulateRaft(makeRaftPlan(seed));
  const line: SeedLine = { seed, ...(violation && { check: violation.check, message: violation.message }) };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  if (violation !== undefined) break;
}

/**
 * What a bundle runs: `node BUNDLE FROM COUNT`. Seeds one after another, a line of JSON for each, until one breaks a rule.
 */
import { makePlan, simulate } from "../src/index.ts";
import { seedOf, seedsFrom } from "../src/seed.ts";
import { shippedWorkloads as workloads } from "../src/workloads/shipped.ts";

export interface SeedLine {
  readonly seed: string;
  /** Undefined where no rule was broken. */
  readonly check?: string;
  readonly message?: string;
}

const [from, count] = process.argv.slice(2).map(Number);

for (const seed of seedsFrom(seedOf(BigInt(from!)), count!)) {
  const plan = makePlan({ seed, workloadCount: workloads.length });
  const { violation } = await simulate({ plan, workloads });
  const line: SeedLine = { seed, ...(violation && { check: violation.check, message: violation.message }) };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  if (violation !== undefined) break;
}
// What a simulation leaves waiting must not keep the process.
process.exit();

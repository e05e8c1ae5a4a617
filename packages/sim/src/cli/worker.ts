/** Runs the seeds that it is sent, one after another, and answers each with what came of it. */
import { parentPort } from "node:worker_threads";
import { makePlan } from "../plan/make-plan.ts";
import { simulate } from "../simulate.ts";
import { shippedWorkloads } from "../workloads/shipped.ts";

export interface SeedResult {
  readonly seed: string;
  readonly traceHash: string;
  readonly stepCount: number;
  readonly simulatedMs: number;
  readonly rounds: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly check: string | undefined;
  readonly message: string | undefined;
}

export async function runSeed(seed: string): Promise<SeedResult> {
  const plan = makePlan({ seed, workloadCount: shippedWorkloads.length });
  const outcome = await simulate({ plan, workloads: shippedWorkloads });
  const { traceHash, stepCount, simulatedMs, rounds, counts, violation } = outcome;
  return {
    seed,
    traceHash,
    stepCount,
    simulatedMs,
    rounds,
    counts,
    check: violation?.check,
    message: violation?.message,
  };
}

parentPort?.on("message", (seed: string) => {
  void runSeed(seed).then((result) => parentPort!.postMessage(result));
});

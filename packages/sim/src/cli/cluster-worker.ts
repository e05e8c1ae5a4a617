/** Runs the seeds of clusters of servers that it is sent, one after another, and answers each with what came of it. */
import { parentPort } from "node:worker_threads";
import { simulateCluster } from "../cluster/simulate-cluster.ts";
import { makeRaftPlan } from "../raft/make-raft-plan.ts";

parentPort?.on("message", (seed: string) => void answer(seed));

async function answer(seed: string): Promise<void> {
  const { violation, timeline: _timeline, ...outcome } = await simulateCluster(makeRaftPlan(seed));
  parentPort!.postMessage({ ...outcome, seed, check: violation?.check, message: violation?.message });
}

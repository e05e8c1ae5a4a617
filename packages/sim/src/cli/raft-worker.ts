/** Runs the seeds of clusters that it is sent, one after another, and answers each with what came of it. */
import { parentPort } from "node:worker_threads";
import { makeRaftPlan } from "../raft/make-raft-plan.ts";
import { simulateRaft, type RaftOutcome } from "../raft/simulate-raft.ts";

export type RaftSeedResult = Omit<RaftOutcome, "violation" | "timeline" | "history"> & {
  readonly seed: string;
  readonly check: string | undefined;
  readonly message: string | undefined;
};

parentPort?.on("message", (seed: string) => {
  const { violation, timeline: _timeline, history: _history, ...outcome } = simulateRaft(makeRaftPlan(seed));
  const result: RaftSeedResult = { ...outcome, seed, check: violation?.check, message: violation?.message };
  parentPort!.postMessage(result);
});

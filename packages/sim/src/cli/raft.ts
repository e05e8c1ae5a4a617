/** `pnpm sim raft`: clusters. */
import type { RaftPlan } from "../raft/action.ts";
import { makeRaftPlan } from "../raft/make-raft-plan.ts";
import { simulateRaft } from "../raft/simulate-raft.ts";
import { Regressions } from "./regressions.ts";
import { RaftTotals, type RaftFigures } from "./raft-report.ts";
import type { Simulation } from "./simulation.ts";

export const raftSimulation: Simulation<RaftPlan, RaftFigures> = {
  command: "pnpm sim raft",
  worker: "raft-worker",
  regressions: new Regressions("raft-regressions.json"),
  progressEvery: 2000,
  shrinkTriesMax: 1000,
  vital: "answers",
  planOf: makeRaftPlan,
  simulate: async (plan, options) => simulateRaft(plan, options),
  newTotals: () => new RaftTotals(),
};

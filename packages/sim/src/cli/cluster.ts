/** `pnpm sim cluster`: clusters of whole servers. */
import { simulateCluster } from "../cluster/simulate-cluster.ts";
import type { RaftPlan } from "../raft/action.ts";
import { makeRaftPlan } from "../raft/make-raft-plan.ts";
import { Regressions } from "./regressions.ts";
import { RaftTotals, type RaftFigures } from "./raft-report.ts";
import type { Simulation } from "./simulation.ts";

export const clusterSimulation: Simulation<RaftPlan, RaftFigures> = {
  command: "pnpm sim cluster",
  worker: "cluster-worker",
  regressions: new Regressions("cluster-regressions.json"),
  progressEvery: 200,
  shrinkTriesMax: 300,
  vital: "answers",
  planOf: makeRaftPlan,
  simulate: simulateCluster,
  newTotals: () => new RaftTotals(),
};

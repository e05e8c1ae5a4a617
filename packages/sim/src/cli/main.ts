/**
 * `pnpm sim [raft | cluster]`: searches seeds for one that breaks a rule, or runs one again. Of a mesh, of Raft cores, or of a cluster of
 * whole servers.
 *
 *   --seed S        one seed: its trace hash, and where it fails, what happened
 *   --timeline      with --seed: what happened in any case
 *   --seeds N       N seeds, from --start S on (default 1)
 *   --machines N    with --seed, of a mesh: how many machines, 2 to 50, whatever the seed says
 *   --seconds N     as many seeds as begin within N seconds
 *   --keep          go on after a failure
 *   --large         one mesh of 25 machines with 10,000 writes, three partitions and 5 % loss
 *   --jobs N        default: one for each core
 *   --no-record     do not keep what fails in regressions.json
 */
import { readArguments } from "./arguments.ts";
import { simMesh } from "./mesh.ts";
import { clusterSimulation } from "./cluster.ts";
import { raftSimulation } from "./raft.ts";
import { runSimulation } from "./simulation.ts";

const args = process.argv.slice(2);

try {
  process.exitCode = (await simulated(args)) ? 0 : 1;
} catch (error) {
  console.error(`error: ${(error as Error).message}`);
  process.exitCode = 2;
}

function simulated([kind, ...rest]: readonly string[]): Promise<boolean> {
  switch (kind) {
    case "raft":
      return runSimulation(raftSimulation, readArguments(rest));
    case "cluster":
      return runSimulation(clusterSimulation, readArguments(rest));
    default:
      return simMesh(args);
  }
}

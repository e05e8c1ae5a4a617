/**
 * `pnpm sim [raft]`: searches seeds for one that breaks a rule, or runs one again. Of a mesh, or of a Raft cluster.
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
import { raftSimulation } from "./raft.ts";
import { runSimulation } from "./simulation.ts";

try {
  const args = process.argv.slice(2);
  const isRaft = args[0] === "raft";
  const isFine = isRaft
    ? await runSimulation(raftSimulation, readArguments(args.slice(1)))
    : await simMesh(args);
  process.exitCode = isFine ? 0 : 1;
} catch (error) {
  console.error(`error: ${(error as Error).message}`);
  process.exitCode = 2;
}

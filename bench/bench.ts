/**
 * The figures of the mesh and of consensus, measured on this machine: `pnpm bench [NAME …]`; those of the cluster, which
 * need etcd beside it, with `pnpm bench cluster` alone. Nothing here is asserted; timings are printed as they are, and
 * what is compared is compared within one run.
 */
import { cpus } from "node:os";
import { benchCli } from "./cli.ts";
import { benchCluster } from "./cluster.ts";
import { benchDurablePut } from "./durable-put.ts";
import { benchFirstSync } from "./first-sync.ts";
import { benchGet } from "./get.ts";
import { benchGrpcFront } from "./grpc-front.ts";
import { benchHelp } from "./help.ts";
import { benchMvcc } from "./mvcc.ts";
import { benchOpen } from "./open-large.ts";
import { benchRaftCore } from "./raft-core.ts";
import { benchRaftLog } from "./raft-log.ts";
import { benchRaftNode } from "./raft-node.ts";

const benches: Readonly<Record<string, () => Promise<void>>> = {
  put: benchDurablePut,
  get: benchGet,
  sync: benchFirstSync,
  open: benchOpen,
  help: benchHelp,
  cli: benchCli,
  raft: benchRaft,
  "raft-node": benchRaftNode,
  mvcc: benchMvcc,
  grpc: benchGrpcFront,
};

async function benchRaft(): Promise<void> {
  await benchRaftCore();
  await benchRaftLog();
}

console.log(`${cpus().length} cores, ${cpus()[0]?.model.trim() ?? "unknown"}, Node ${process.version}`);
const wanted = process.argv.slice(2);
if (wanted[0] === "cluster") await benchCluster(wanted.slice(1));
else await runAll();

async function runAll(): Promise<void> {
  for (const [name, run] of Object.entries(benches)) {
    if (wanted.length === 0 || wanted.includes(name)) await run();
  }
}

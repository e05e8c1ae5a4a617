/**
 * The figures of the mesh and of consensus, measured on this machine: `pnpm bench [NAME …]`. Nothing here is asserted; timings are
 * printed as they are, and what is compared is compared within one run.
 */
import { cpus } from "node:os";
import { benchDurablePut } from "./durable-put.ts";
import { benchFirstSync } from "./first-sync.ts";
import { benchGet } from "./get.ts";
import { benchHelp } from "./help.ts";
import { benchOpen } from "./open-large.ts";
import { benchRaftCore } from "./raft-core.ts";
import { benchRaftLog } from "./raft-log.ts";

const benches: Readonly<Record<string, () => Promise<void>>> = {
  put: benchDurablePut,
  get: benchGet,
  sync: benchFirstSync,
  open: benchOpen,
  help: benchHelp,
  raft: benchRaft,
};

async function benchRaft(): Promise<void> {
  await benchRaftCore();
  await benchRaftLog();
}

console.log(`${cpus().length} cores, ${cpus()[0]?.model.trim() ?? "unknown"}, Node ${process.version}`);
const wanted = process.argv.slice(2);
for (const [name, run] of Object.entries(benches)) {
  if (wanted.length === 0 || wanted.includes(name)) await run();
}

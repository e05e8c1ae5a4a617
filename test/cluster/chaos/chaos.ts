/**
 * Kills, stops, cuts off, fills and replaces members of a real cluster under load, and holds it to what its clients saw:
 * `pnpm chaos [--seconds 600] [--members 3] [--seed N] [--faults NAME,…] [--of lattice|etcd] [-- FLAGS OF THE SERVER]`.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { etcd, lattice } from "../../../packages/testkit/src/clusters/index.ts";
import { mayMount, NAME_SPACE } from "../../mount.ts";
import { allFaults } from "./faults/all.ts";
import { runChaos, type ChaosResult } from "./run-chaos.ts";

const LATTICE = join(import.meta.dirname, "../../../apps/cli/dist/lattice.js");
/** With room for what a member sets aside, and not for much more. */
const DISK_BYTES = 512 << 20;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "600" },
    members: { type: "string", default: "3" },
    seed: { type: "string" },
    faults: { type: "string" },
    of: { type: "string", default: "lattice" },
    clients: { type: "string", default: "6" },
    // Between two operations of a client, at most.
    pause: { type: "string", default: "20" },
    // In a name space of its own, in which file systems can be mounted.
    mounted: { type: "boolean", default: false },
  },
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));

if (mayMount && !values.mounted) inNameSpace();
else await main();

/** The same program, where file systems can be mounted. */
function inNameSpace(): void {
  const [command, ...words] = NAME_SPACE;
  const args = [...words, process.execPath, import.meta.filename, "--mounted", ...process.argv.slice(2)];
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  process.exitCode = status ?? 1;
}

async function main(): Promise<void> {
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));
  const names = values.faults?.split(",");
  const faults = allFaults.filter(({ name }) => names?.includes(name) ?? true);
  if (faults.length === 0) {
    console.error(`there is no such fault: say ${allFaults.map(({ name }) => name).join(", ")}`);
    process.exitCode = 2;
    return;
  }
  console.log(
    `seed ${seed}${values.mounted ? "" : "; no file system can be mounted here, so no disk is filled"}`,
  );
  const directory = mkdtempSync(join(tmpdir(), "lattice-chaos-"));
  const result = await runChaos({
    program: values.of === "etcd" ? etcd : lattice(LATTICE),
    size: Number(values.members),
    seconds: Number(values.seconds),
    clients: Number(values.clients),
    pauseMsMax: Number(values.pause),
    seed,
    faults,
    directory,
    flags: positionals,
    ...(values.mounted ? { diskBytes: DISK_BYTES } : {}),
    tell: (line) => console.log(line),
  });
  tell(result);
  if (result.faults.length > 0) {
    console.log(`seed ${seed}; what is left is in ${directory}`);
    writeFileSync(join(directory, "faults.txt"), `${result.faults.join("\n")}\n`);
    process.exitCode = 1;
  } else rmSync(directory, { recursive: true, force: true });
}

function tell({
  operations,
  unknown,
  writes,
  events,
  leasesExpired,
  typedOperations,
  outcomes,
  verdict,
  faults,
}: ChaosResult): void {
  for (const [what, count] of [...outcomes].toSorted((a, b) => b[1] - a[1]).slice(0, 20)) {
    console.log(`${count.toString().padStart(8)} × ${what}`);
  }
  console.log(
    `${operations} operations, ${writes} of them acknowledged writes, ${unknown} without an answer; ` +
      `${events} events seen, ${leasesExpired} leases ended, ${typedOperations} operations of a core:kvstore: ${verdict}, ${faults.length} faults`,
  );
  for (const fault of faults.slice(0, 20)) console.log(`FAULT ${fault}`);
}

/** What many puts leave behind: memory of each process, and bytes on disk for each put before anything is compacted. */
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { calls } from "@lattice/testkit/clusters";
import type { Contestant } from "./contestant.ts";
import { runLoad } from "./h2load.ts";
import { residentBytes } from "./processor-time.ts";
import { putMessage, revisionOf } from "./workload.ts";

const IN_FLIGHT = 100;
const KEYS = 30;

export interface Footprint {
  /** Of each process. */
  readonly residentBytes: readonly number[];
  readonly diskBytesPerPut: number;
  readonly putsPerSecond: number;
}

export async function measureFootprint(contestant: Contestant, puts: number): Promise<Footprint> {
  const { cluster, directory } = contestant;
  const leader = await cluster.leader();
  const before = { disk: diskBytes(contestant), revision: await revisionOf(leader.address) };
  const start = performance.now();
  for (let key = 0; key < KEYS; key++) {
    await runLoad({
      address: leader.address,
      path: calls.put.path,
      message: putMessage(`bench/of-many/${key}`),
      requests: puts / KEYS,
      inFlight: IN_FLIGHT,
      directory,
    });
  }
  const seconds = (performance.now() - start) / 1000;
  const grown = (await revisionOf(leader.address)) - before.revision;
  if (grown !== puts) throw new Error(`${contestant.name}: the revision grew by ${grown}, not by ${puts}`);
  return {
    residentBytes: cluster.pids.map(residentBytes),
    diskBytesPerPut: (diskBytes(contestant) - before.disk) / cluster.members.length / puts,
    putsPerSecond: puts / seconds,
  };
}

/** As allocated, over all members. */
function diskBytes({ cluster }: Contestant): number {
  return cluster.members
    .map(({ dataDirectory }) => sizeOf(dataDirectory))
    .reduce((sum, each) => sum + each, 0);
}

function sizeOf(directory: string): number {
  const entries = readdirSync(directory, { withFileTypes: true, recursive: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map((entry) => lstatSync(join(entry.parentPath, entry.name)).blocks * 512);
  return sizes.reduce((sum, each) => sum + each, 0);
}

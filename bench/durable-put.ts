/** Durable signed puts, against a loop that only writes and syncs, in turns so that a noisy machine is the same for both. */
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { openStore, type Store } from "@lattice/kernel";
import { kvstore, type KvStoreClient } from "@lattice/kvstore";
import { utf8 } from "@lattice/model";
import { median, perSecond, rate, report } from "./report.ts";
import { withScratch } from "./scratch.ts";

const ROUNDS = 7;
const ROUND_MS = 600;
const IN_FLIGHT = 64;

export function benchDurablePut(): Promise<void> {
  return withScratch(async (directory) => {
    const store = await openStore({ directory: join(directory, "store"), type: kvstore });
    const bare: number[] = [];
    const single: number[] = [];
    const flight: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      bare.push(bareLoop(join(directory, "bare")));
      single.push(await putLoop(store, 1));
      flight.push(await putLoop(store, IN_FLIGHT));
    }
    await store.close();
    const ratio = median(single.map((value, round) => value / bare[round]!));
    report("bare 256-byte append + fdatasync", rate(median(bare)), "(what the put is compared with)");
    report(
      "durable signed put, one at a time",
      `${rate(median(single))} = ${ratio.toFixed(2)} ×`,
      "≥ 0.5 × bare",
    );
    report(`durable signed put, ${IN_FLIGHT} in flight`, rate(median(flight)), "≥ 8,000/s");
  });
}

function bareLoop(path: string): number {
  const file = openSync(path, "w");
  const bytes = Buffer.alloc(256, 7);
  const start = performance.now();
  let count = 0;
  for (; performance.now() - start < ROUND_MS; count++) {
    writeSync(file, bytes);
    fdatasyncSync(file);
  }
  const elapsed = performance.now() - start;
  closeSync(file);
  return perSecond(count, elapsed);
}

let next = 0;

async function putLoop(store: Store<KvStoreClient>, inFlight: number): Promise<number> {
  const value = new Uint8Array(100).fill(7);
  const start = performance.now();
  let count = 0;
  const worker = async () => {
    while (performance.now() - start < ROUND_MS) {
      await store.methods.put({ key: utf8(`key/${next++}`), value });
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return perSecond(count, performance.now() - start);
}

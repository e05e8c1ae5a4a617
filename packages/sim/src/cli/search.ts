/** Runs many seeds, on all cores, until one breaks a rule, the time is up, or there are no more. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { SeedResult } from "./worker.ts";

export interface SearchOptions {
  readonly seeds: Iterable<string>;
  /** No new seed is begun after this. */
  readonly seconds?: number;
  readonly jobs?: number;
  /** Whether one that fails ends the search. */
  readonly stopsAtFailure: boolean;
  readonly onResult: (result: SeedResult) => void;
}

/** Plain JavaScript where this was built, the source where it runs from that. */
const WORKER = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);

export async function search(options: SearchOptions): Promise<void> {
  const { seconds = Infinity, jobs = availableParallelism(), stopsAtFailure, onResult } = options;
  const seeds = options.seeds[Symbol.iterator]();
  const start = performance.now();
  let isOver = false;
  const next = (): string | undefined => {
    if (isOver || (performance.now() - start) / 1000 > seconds) return undefined;
    const seed = seeds.next();
    return seed.done === true ? undefined : seed.value;
  };
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(WORKER);
      const feed = () => {
        const seed = next();
        if (seed === undefined) void worker.terminate().then(() => resolve());
        else worker.postMessage(seed);
      };
      worker.on("error", reject);
      worker.on("message", (result: SeedResult) => {
        onResult(result);
        if (result.check !== undefined && stopsAtFailure) isOver = true;
        feed();
      });
      feed();
    });
  await Promise.all(Array.from({ length: jobs }, one));
}

/** Runs many seeds, on all cores, until one breaks a rule, the time is up, or there are no more. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";

/** What a worker answers a seed with. */
export interface SeedAnswer {
  readonly seed: string;
  /** The rule that was broken, if one was. */
  readonly check: string | undefined;
}

export type WorkerName = "worker" | "raft-worker" | "cluster-worker";

export interface SearchOptions<R extends SeedAnswer> {
  /** A module that answers each seed that it is sent. */
  readonly worker: WorkerName;
  readonly seeds: Iterable<string>;
  /** No new seed is begun after this. */
  readonly seconds?: number;
  readonly jobs?: number;
  /** Whether one that fails ends the search. */
  readonly stopsAtFailure: boolean;
  readonly onResult: (result: R) => void;
}

export async function search<R extends SeedAnswer>(options: SearchOptions<R>): Promise<void> {
  // Plain JavaScript where this was built, the source where it runs from that.
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const module = new URL(`./${options.worker}.${extension}`, import.meta.url);
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
      const worker = new Worker(module);
      const feed = () => {
        const seed = next();
        if (seed === undefined) void worker.terminate().then(() => resolve());
        else worker.postMessage(seed);
      };
      worker.on("error", reject);
      worker.on("message", (result: R) => {
        onResult(result);
        if (result.check !== undefined && stopsAtFailure) isOver = true;
        feed();
      });
      feed();
    });
  await Promise.all(Array.from({ length: jobs }, one));
}

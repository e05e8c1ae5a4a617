/**
 * Merges into LMDB files, and copies of them, by a thread that all storages of the process share. It is started by the first merge,
 * lives as long as the process, and does not keep the process alive.
 */
import { Worker } from "node:worker_threads";
import { LatticeError, type ErrorCode } from "@lattice/model";
import type { RowBatch } from "./row-batch.ts";

export interface MergeOptions {
  readonly path: string;
  /** All that were named when the file was opened. */
  readonly tables: readonly string[];
  /** Their buffers belong to the other thread from here on. */
  readonly batches: readonly RowBatch[];
}

export interface CopyOptions {
  readonly path: string;
  readonly tables: readonly string[];
  /** Where there is nothing yet. */
  readonly to: string;
}

export type WorkerRequest = (MergeOptions | CopyOptions) & { readonly number: number };

export interface WorkerAnswer {
  readonly number: number;
  /** An error loses its kind on the way between threads; this is what is left of it. */
  readonly fault?: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly details: Readonly<Record<string, string>>;
  };
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: LatticeError) => void;
}

/** Megabytes: a merge lives on what it is sent, and makes little garbage. */
const YOUNG_GENERATION_MB = 4;

let worker: Worker | undefined;
let last = 0;
const waitingByNumber = new Map<number, Waiting>();

/** Resolves when the rows are on disk, all of them in one transaction; rejects when none is. */
export function mergeInBackground(options: MergeOptions): Promise<void> {
  return ask(options, [...new Set(options.batches.map(({ bytes }) => bytes.buffer))]);
}

/** Resolves when the copy is on disk, without the pages that are not in use. Nothing is merged meanwhile. */
export function copyInBackground(options: CopyOptions): Promise<void> {
  return ask(options, []);
}

function ask(options: MergeOptions | CopyOptions, transferred: readonly ArrayBuffer[]): Promise<void> {
  worker ??= start();
  const number = ++last;
  const request: WorkerRequest = { ...options, number };
  return new Promise((resolve, reject) => {
    waitingByNumber.set(number, { resolve, reject });
    worker!.ref();
    worker!.postMessage(request, [...transferred]);
  });
}

function start(): Worker {
  const isSource = import.meta.url.endsWith(".ts");
  const started = new Worker(new URL(`./merge-worker.${isSource ? "ts" : "js"}`, import.meta.url), {
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    ...(isSource && { execArgv: ["--conditions=@lattice/source"] }),
  });
  started.on("message", answered);
  started.on("error", (error) => ended(started, error));
  started.on("exit", () => ended(started, undefined));
  return started;
}

function answered({ number, fault }: WorkerAnswer): void {
  const waiting = waitingByNumber.get(number);
  waitingByNumber.delete(number);
  if (waitingByNumber.size === 0) worker?.unref();
  if (fault) waiting?.reject(new LatticeError(fault.code, fault.message, { details: fault.details }));
  else waiting?.resolve();
}

/** What it was doing may be on disk or not; the next merge starts another. */
function ended(one: Worker, cause: unknown): void {
  if (worker !== one) return;
  worker = undefined;
  const error = new LatticeError("internal", "the thread that writes checkpoints has ended", { cause });
  for (const { reject } of waitingByNumber.values()) reject(error);
  waitingByNumber.clear();
}

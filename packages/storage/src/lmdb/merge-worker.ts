/**
 * A thread that merges rows into LMDB files, one transaction a request, and copies them: on disk before it is answered. Nothing
 * else happens here, so that what the disk takes its time for holds nobody up.
 */
import { parentPort } from "node:worker_threads";
import { LatticeError } from "@lattice/model";
import type { CopyOptions, MergeOptions, WorkerAnswer, WorkerRequest } from "./background-merge.ts";
import { LmdbFile } from "./lmdb-file.ts";
import { forEachSorted } from "./row-batch.ts";

parentPort!.on("message", (request: WorkerRequest) => {
  void answer(request).then((message) => parentPort!.postMessage(message));
});

async function answer(request: WorkerRequest): Promise<WorkerAnswer> {
  try {
    await ("to" in request ? copy(request) : merge(request));
    return { number: request.number };
  } catch (error) {
    const { code, message, details } = LatticeError.from(error);
    return { number: request.number, fault: { code, message, details } };
  }
}

async function copy({ path, tables, to }: CopyOptions): Promise<void> {
  const file = openShared(path, tables);
  try {
    file.copyTo(to);
  } finally {
    await file.close();
  }
}

/** The file is open in the thread that asks as well; within a process the two share what LMDB has of it. */
function openShared(path: string, tables: readonly string[]): LmdbFile {
  return LmdbFile.open({ path, tables, sync: true, isShared: true });
}

async function merge({ path, tables, batches }: MergeOptions): Promise<void> {
  const file = openShared(path, tables);
  try {
    file.write(file.generation, () => {
      forEachSorted(batches, (table, key, value) => {
        if (value) file.tables.get(table)!.put(key, value);
        else file.tables.get(table)!.remove(key);
      });
    });
  } finally {
    await file.close();
  }
}

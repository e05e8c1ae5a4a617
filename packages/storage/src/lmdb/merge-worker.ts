/**
 * A thread that merges rows into LMDB files: one transaction a request, on disk before it is answered. Nothing
 * else happens here, so that what the disk takes its time for holds nobody up.
 */
import { parentPort } from "node:worker_threads";
import { LatticeError } from "@lattice/model";
import type { MergeAnswer, MergeRequest } from "./background-merge.ts";
import { LmdbFile } from "./lmdb-file.ts";
import { forEachSorted } from "./row-batch.ts";

parentPort!.on("message", (request: MergeRequest) => {
  void answer(request).then((message) => parentPort!.postMessage(message));
});

async function answer(request: MergeRequest): Promise<MergeAnswer> {
  try {
    await merge(request);
    return { number: request.number };
  } catch (error) {
    const { code, message, details } = LatticeError.from(error);
    return { number: request.number, fault: { code, message, details } };
  }
}

async function merge({ path, tables, batches }: MergeRequest): Promise<void> {
  // The file is open in the thread that asks as well; within a process the two share what LMDB has of it.
  const file = LmdbFile.open({ path, tables, sync: true, isShared: true });
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

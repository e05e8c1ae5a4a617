/** Of Raft's storage port: what is there after closing and after a crash. */
import type { RaftStorage } from "@lattice/raft";
import { expect } from "vitest";
import type { Checks } from "../check.ts";
import { dataEntries, dataEntry, hardStateOf } from "./drafts.ts";
import type { RaftStorageUnderTest } from "./raft-storage-under-test.ts";

const COUNT = 50;

function writeUnawaited(storage: RaftStorage, from: number): Promise<void>[] {
  return Array.from({ length: COUNT }, (_, at) => storage.write({ entries: [dataEntry(from + at, 1)] }));
}

function lengthOf(storage: RaftStorage): number {
  return storage.persisted.entries.length;
}

export const raftDurabilityChecks: Checks<RaftStorageUnderTest> = {
  async "has after a crash what resolved"(under) {
    let storage = await under.open();
    await storage.write({ hardState: hardStateOf(3, 2) });
    await storage.write({ entries: dataEntries(1, 3, 3) });
    storage = await under.crash(storage);
    expect(storage.persisted.hardState).toEqual(hardStateOf(3, 2));
    expect(lengthOf(storage)).toBe(3);
    await storage.write({ entries: [dataEntry(4, 3)] });
    storage = await under.crash(storage);
    expect(lengthOf(storage)).toBe(4);
    await storage.close();
  },

  async "has after a crash a beginning of what did not resolve"(under) {
    let storage = await under.open();
    await storage.write({ entries: [dataEntry(1, 1)] });
    let resolved = 1;
    const writes = writeUnawaited(storage, 2);
    const settled = Promise.allSettled(writes.map((write) => write.then(() => resolved++)));
    await writes[0];
    const durable = resolved;
    storage = await under.crash(storage);
    await settled;
    expect(lengthOf(storage)).toBeGreaterThanOrEqual(durable);
    expect(storage.persisted.entries).toEqual(dataEntries(1, lengthOf(storage), 1));
    await storage.close();
  },

  async "resolves writes in the order in which they were asked for"(under) {
    await using storage = await under.open();
    const order: number[] = [];
    await Promise.all(writeUnawaited(storage, 1).map((write, at) => write.then(() => order.push(at))));
    expect(order).toEqual([...Array(COUNT).keys()]);
  },

  async "waits for what is under way when it is closed"(under) {
    let storage = await under.open();
    const writes = writeUnawaited(storage, 1);
    storage = await under.reopen(storage);
    await Promise.all(writes);
    expect(lengthOf(storage)).toBe(COUNT);
    await storage.close();
  },

  async "can be closed twice and then refuses everything"(under) {
    const storage = await under.open();
    await storage.write({ entries: [dataEntry(1, 1)] });
    await Promise.all([storage.close(), storage.close()]);
    await storage.close();
    const closed = expect.objectContaining({ code: "closed" });
    await expect(storage.write({ hardState: hardStateOf(1, 1) })).rejects.toEqual(closed);
  },
};

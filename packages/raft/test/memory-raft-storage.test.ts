/** What a crash and a broken disk leave of a storage in memory; what any storage does is in the suite of the testkit. */
import { describe, expect, it } from "vitest";
import { EntryKind, logIndex, MemoryRaftStorage, term, type RaftWrite } from "../src/index.ts";

function append(index: number): RaftWrite {
  const data = Uint8Array.of(index);
  const entry = { index: logIndex(index), term: term(1), kind: EntryKind.DATA, data, membership: undefined };
  return { entries: [entry] };
}

/** A disk that answers when it is told to. */
function heldDisk() {
  const calls: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const disk = (): Promise<void> => new Promise((resolve, reject) => calls.push({ resolve, reject }));
  return { calls, disk };
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

function lengthOf(storage: MemoryRaftStorage): number {
  return storage.persisted.entries.length;
}

describe("a storage in memory", () => {
  it.each([0, 1, 2, 3, 9])(
    "has after a crash the oldest %i of the writes that did not resolve",
    async (keeps) => {
      const { calls, disk } = heldDisk();
      const storage = new MemoryRaftStorage({ disk });
      const writes = [storage.write(append(1)), storage.write(append(2))];
      await turn();
      writes.push(storage.write(append(3)));
      const settled = Promise.allSettled(writes);
      expect(storage.pendingCount).toBe(3);
      expect(lengthOf(storage.crash({ keeps }))).toBe(Math.min(keeps, 3));
      calls[0]!.resolve();
      const closed = expect.objectContaining({ status: "rejected" });
      expect(await settled).toEqual([closed, closed, closed]);
      await expect(storage.write(append(1))).rejects.toMatchObject({ code: "closed" });
    },
  );

  it("makes all durable at once that waited when the disk began", async () => {
    const { calls, disk } = heldDisk();
    const storage = new MemoryRaftStorage({ disk });
    const first = [storage.write(append(1)), storage.write(append(2))];
    await turn();
    const third = storage.write(append(3));
    calls[0]!.resolve();
    await Promise.all(first);
    await turn();
    expect(calls.length).toBe(2);
    expect(storage.pendingCount).toBe(1);
    expect(storage.latest.entries.length).toBe(3);
    calls[1]!.resolve();
    await third;
    expect(lengthOf(storage.crash())).toBe(3);
  });

  it("writes nothing any more when the disk has failed", async () => {
    const { calls, disk } = heldDisk();
    const storage = new MemoryRaftStorage({ disk });
    const first = storage.write(append(1));
    await turn();
    calls[0]!.resolve();
    await first;
    const writes = Promise.allSettled([storage.write(append(2)), storage.write(append(3))]);
    await turn();
    calls[1]!.reject(new Error("no"));
    const failed = expect.objectContaining({
      reason: expect.objectContaining({ code: "internal", message: "no" }),
    });
    expect(await writes).toEqual([failed, failed]);
    await expect(storage.write(append(2))).rejects.toMatchObject({ code: "internal" });
    expect(lengthOf(storage.crash({ keeps: 2 }))).toBe(1);
  });
});

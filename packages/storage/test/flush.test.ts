/** What a flush that fails leaves, and who learns of it: over memory, where the disk can be told to fail. */
import { describe, expect, it } from "vitest";
import { LatticeError, utf8 } from "@lattice/model";
import { MemoryStorage } from "../src/index.ts";

const FULL = new LatticeError("disk-full", "no room");

/** A disk that keeps each flush waiting until it is told what comes of it. */
class SlowDisk {
  readonly #waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  writes = 0;

  readonly write = (): Promise<void> => {
    this.writes += 1;
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  };

  async finish(error?: Error): Promise<void> {
    await settled();
    const write = this.#waiting.shift()!;
    if (error) write.reject(error);
    else write.resolve();
    await settled();
  }
}

/** All that is ready to run has run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function opened(): { disk: SlowDisk; storage: MemoryStorage } {
  const disk = new SlowDisk();
  return { disk, storage: new MemoryStorage({ tables: ["t"], disk: disk.write }) };
}

function put(storage: MemoryStorage, key: string, value = key): void {
  storage.transaction((table) => table("t").put(utf8(key), utf8(value)));
}

function keys(storage: MemoryStorage): string[] {
  return [...storage.table("t").range()].map(([key]) => Buffer.from(key).toString());
}

describe("a flush", () => {
  it("is shared by all who ask before it begins, and by none who ask later", async () => {
    const { disk, storage } = opened();
    put(storage, "a");
    const first = [storage.flush(), storage.flush()];
    await settled();
    put(storage, "b");
    const second = [storage.flush(), storage.flush()];
    for (const flush of second) void flush.catch(() => undefined);
    await disk.finish();
    await Promise.all(first);
    expect(disk.writes).toBe(2);
    expect(keys(storage.crash())).toEqual(["a"]);
    await disk.finish();
    await expect(Promise.all(second)).rejects.toMatchObject({ code: "closed" });
  });

  it("that fails rolls back what it was to make durable, and no more", async () => {
    const { disk, storage } = opened();
    put(storage, "a", "old");
    const durable = storage.flush();
    await disk.finish();
    await durable;
    put(storage, "a", "new");
    put(storage, "b");
    const failing = storage.flush();
    void failing.catch(() => undefined);
    await disk.finish(FULL);
    await expect(failing).rejects.toBe(FULL);
    expect([...storage.table("t").range()]).toEqual([[utf8("a"), utf8("old")]]);
  });

  it("works again after one that failed", async () => {
    const { disk, storage } = opened();
    put(storage, "a");
    const failing = storage.flush();
    void failing.catch(() => undefined);
    await disk.finish(FULL);
    put(storage, "b");
    const flush = storage.flush();
    await disk.finish();
    await flush;
    expect(keys(storage.crash())).toEqual(["b"]);
  });

  it("that fails rolls back what came after it, and rejects the flush that waits behind it", async () => {
    const { disk, storage } = opened();
    put(storage, "a");
    const failing = storage.flush();
    await settled();
    put(storage, "b");
    const behind = storage.flush();
    for (const flush of [failing, behind]) void flush.catch(() => undefined);
    await disk.finish(FULL);
    await expect(failing).rejects.toBe(FULL);
    await expect(behind).rejects.toBe(FULL);
    expect(keys(storage)).toEqual([]);
    put(storage, "c");
    const flush = storage.flush();
    await disk.finish();
    await flush;
    expect(keys(storage)).toEqual(["c"]);
  });

  it("does not resolve for a transaction that the one before it had rolled back", async () => {
    const { disk, storage } = opened();
    put(storage, "a");
    const failing = storage.flush();
    void failing.catch(() => undefined);
    await settled();
    put(storage, "b");
    await disk.finish(FULL);
    expect(keys(storage)).toEqual([]);
    await expect(storage.flush()).rejects.toBe(FULL);
    put(storage, "c");
    const flush = storage.flush();
    await disk.finish();
    await flush;
    expect(keys(storage)).toEqual(["c"]);
  });

  it("does not resolve for one that was sealed with another's either", async () => {
    const { disk, storage } = opened();
    put(storage, "a");
    const failing = storage.flush();
    void failing.catch(() => undefined);
    put(storage, "b");
    await disk.finish(FULL);
    await expect(storage.flush()).rejects.toBe(FULL);
  });

  it("becomes `internal` where the disk says what this project does not know", async () => {
    const { disk, storage } = opened();
    put(storage, "a");
    const failing = storage.flush();
    void failing.catch(() => undefined);
    await disk.finish(new RangeError("odd"));
    await expect(failing).rejects.toMatchObject({ code: "internal", message: "odd" });
  });

  it("that is under way is not rolled back", async () => {
    const { disk, storage } = opened();
    put(storage, "a");
    const flush = storage.flush();
    await settled();
    expect(() => storage.rollback()).toThrow(/rolled back/);
    await disk.finish();
    await flush;
    storage.rollback();
    expect(keys(storage)).toEqual(["a"]);
  });

  it("that fails in closing closes all the same", async () => {
    const { disk, storage } = opened();
    put(storage, "a");
    const closing = storage.close();
    void closing.catch(() => undefined);
    await disk.finish(FULL);
    await expect(closing).rejects.toBe(FULL);
    expect(() => storage.table("t").count()).toThrow(expect.objectContaining({ code: "closed" }));
    expect(keys(storage.crash())).toEqual([]);
  });
});

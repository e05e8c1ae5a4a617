import { toHex, utf8, verifySignature } from "@lattice/model";
import {
  authorNamed,
  FakeClock,
  FakeDisk,
  FakeRandom,
  MemoryStorage,
  seededRandom,
  signerNamed,
} from "@lattice/testkit";
import { describe, expect, it } from "vitest";

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe("FakeClock", () => {
  it("calls what is due, in the order of time, when it is moved", () => {
    const clock = new FakeClock(1000);
    const called: string[] = [];
    clock.after(20, () => called.push(`b at ${clock.now()}`));
    clock.after(10, () => called.push(`a at ${clock.now()}`));
    clock.after(31, () => called.push("c"));
    clock.after(5, () => clock.after(1, () => called.push(`nested at ${clock.now()}`)));
    clock.advance(30);
    expect(called).toEqual(["nested at 1006", "a at 1010", "b at 1020"]);
    expect([clock.now(), clock.timerCount]).toEqual([1030, 1]);
  });

  it("calls nothing when it jumps, nor what was cancelled", () => {
    const clock = new FakeClock();
    const called: string[] = [];
    const cancel = clock.after(10, () => called.push("cancelled"));
    clock.after(10, () => called.push("kept"));
    clock.jump(50);
    expect(called).toEqual([]);
    cancel();
    clock.advance(0);
    expect(called).toEqual(["kept"]);
  });

  it("gives after(0) its turn without being moved, behind all that is ready", async () => {
    const clock = new FakeClock();
    const called: string[] = [];
    clock.after(0, () => called.push("turn"));
    const cancel = clock.after(0, () => called.push("cancelled"));
    cancel();
    void Promise.resolve().then(() => called.push("promise"));
    expect([called, clock.timerCount]).toEqual([[], 0]);
    await turn();
    expect(called).toEqual(["promise", "turn"]);
  });
});

describe("FakeDisk", () => {
  const opened = () => {
    const disk = new FakeDisk();
    const storage = new MemoryStorage({ tables: ["t"], disk: disk.sync });
    const put = (): void => storage.transaction((table) => table("t").put(utf8("a"), utf8("b")));
    return { disk, storage, put };
  };

  it("is full on command, and has room again", async () => {
    const { disk, storage, put } = opened();
    put();
    disk.fill();
    await expect(storage.flush()).rejects.toMatchObject({ code: "disk-full" });
    expect(storage.table("t").count()).toBe(0);
    disk.mend();
    put();
    await storage.flush();
    expect(storage.crash().table("t").count()).toBe(1);
    expect(disk.syncCount).toBe(2);
  });

  it("fails as it is told to", async () => {
    const { disk, storage, put } = opened();
    disk.fail(new Error("EIO"));
    put();
    await expect(storage.flush()).rejects.toMatchObject({ code: "internal", message: "EIO" });
  });

  it("holds flushes until it is released, and a crash meanwhile takes them", async () => {
    const { disk, storage, put } = opened();
    disk.hold();
    put();
    let isDone = false;
    const flush = storage.flush().then(() => (isDone = true));
    await turn();
    expect(isDone).toBe(false);
    disk.release();
    await flush;
    disk.hold();
    storage.transaction((table) => table("t").delete(utf8("a")));
    const lost = storage.flush();
    await turn();
    const next = storage.crash();
    disk.release();
    await expect(lost).rejects.toMatchObject({ code: "closed" });
    expect(next.table("t").count()).toBe(1);
  });
});

it("FakeRandom gives the same bytes for the same seed, and others for another", () => {
  const [a, b, c] = [new FakeRandom(1), new FakeRandom(1), new FakeRandom(2)];
  expect(a.bytes(40)).toEqual(b.bytes(40));
  expect(a.bytes(40)).not.toEqual(c.bytes(40));
  expect(a.bytes(0)).toHaveLength(0);
});

it("seededRandom stays below its bound, and reaches all of it", () => {
  const random = seededRandom(7);
  expect(new Set(Array.from({ length: 300 }, () => random(5)))).toEqual(new Set([0, 1, 2, 3, 4]));
});

it("a name is one identity", () => {
  const signer = signerNamed("alice");
  expect(toHex(authorNamed("alice"))).toBe(toHex(signer.publicKey));
  expect(toHex(authorNamed("bob"))).not.toBe(toHex(signer.publicKey));
  expect(verifySignature(authorNamed("alice"), utf8("text"), signer.sign(utf8("text")))).toBe(true);
});

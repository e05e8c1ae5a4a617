import { describe, expect, test } from "vitest";
import { FakeLog } from "./fake-log.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("commands", () => {
  test("see what those before them have written, though it is not committed", async () => {
    const log = new FakeLog();
    const runs = [log.run("a?0"), log.run("a?1"), log.run("a?2")];
    await turn();
    expect(log.proposed.map(({ op }) => op.seq)).toEqual([1, 2, 3]);
    expect(log.number("a")).toBe(0);
    await log.settle();
    await Promise.all(runs);
    expect(log.number("a")).toBe(3);
    expect(log.state.row.seq).toBe(3);
  });

  test("are run anew where another came first, and then see what that has written", async () => {
    const log = new FakeLog();
    const refused = log.run("a?0").catch((error: unknown) => error);
    const second = log.run("a+5");
    await turn();
    log.other.add("a", 10);
    await log.settle();
    expect(await refused).toMatchObject({ code: "conflict", message: expect.stringMatching(/^1[05]$/) });
    await second;
    expect(log.number("a")).toBe(15);
    expect(log.state.row.seq).toBe(2);
  });

  test("that write nothing answer what holds", async () => {
    const log = new FakeLog();
    await expect(log.run("=a")).rejects.toMatchObject({ message: "0" });
    log.holdsBarriers = true;
    const reading = log.run("=a");
    await turn();
    log.other.add("a", 7);
    log.holdsBarriers = false;
    for (const pass of log.barriers.splice(0)) pass();
    await expect(reading).rejects.toMatchObject({ message: "7" });
  });

  test("that have read what is not committed yet do not answer before it is, nor if it never is", async () => {
    const log = new FakeLog();
    const writing = log.run("a+1");
    const reading = log.run("=a");
    let isAnswered = false;
    reading.catch(() => (isAnswered = true));
    await turn();
    await turn();
    expect(isAnswered).toBe(false);
    const { reject } = log.proposed.shift()!;
    reject(new Error("lost"));
    await expect(writing).rejects.toThrow("lost");
    await expect(reading).rejects.toMatchObject({ message: "0" });
  });

  test("whose op came to nothing, as far as is known, may have been done all the same", async () => {
    const log = new FakeLog();
    const lost = log.run("a+1");
    await turn();
    const { op, reject } = log.proposed.shift()!;
    reject(new Error("lost"));
    await expect(lost).rejects.toThrow("lost");
    // It comes after all, with one that knows nothing of it.
    const next = log.run("a+10");
    await turn();
    expect(log.apply(op)).toEqual({ kind: "applied" });
    await log.settle();
    await next;
    expect(log.number("a")).toBe(11);
  });

  test("are refused where too many others come first, again and again", async () => {
    const log = new FakeLog();
    const run = log.run("a+1");
    let isOver = false;
    const ended = run.catch((error: unknown) => error).finally(() => (isOver = true));
    while (!isOver) {
      await turn();
      if (log.proposed.length === 0) continue;
      log.other.add("b", 1);
      log.commit();
    }
    expect(await ended).toMatchObject({ code: "conflict" });
    expect(log.number("a")).toBe(0);
  });
});

describe("an op", () => {
  test.each(["!+1", "oops+1", "empty+1"])(
    "that is refused stands in its place and changes nothing: %s",
    async (text) => {
      const log = new FakeLog();
      const run = log.run(text);
      await log.settle();
      await run;
      expect(log.state.row.seq).toBe(1);
      expect(log.state.read.table("numbers").count()).toBe(0);
      expect(log.state.read.table("log").count()).toBe(0);
      expect(log.changes).toMatchObject([{ seq: 1, events: [] }]);
    },
  );

  test("is the same wherever it is composed, and is found by its id", async () => {
    const log = new FakeLog();
    const run = log.run("a+1");
    await log.settle();
    await run;
    const [placed] = [...log.state.placedOps({})];
    expect(log.changes[0]!.id).toEqual(placed!.id);
    expect(log.state.op(placed!.id)).toMatchObject({ seq: 1, payload: { name: "a+1" } });
  });

  test("has a later time than the one before it", async () => {
    const log = new FakeLog();
    for (let count = 0; count < 3; count++) {
      const run = log.run("a+1");
      await log.settle();
      await run;
    }
    log.other.add("a", 1);
    const times = [...log.state.placedOps({})].map(({ timestamp }) => timestamp);
    expect(times.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(times);
    expect(new Set(times).size).toBe(4);
  });
});

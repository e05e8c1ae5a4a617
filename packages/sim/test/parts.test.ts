import { LatticeError } from "@lattice/model";
import { describe, expect, it } from "vitest";
import type { Plan } from "../src/index.ts";
import { Prng } from "../src/prng.ts";
import { EventQueue } from "../src/scheduler.ts";
import { parseSeed, seedsFrom } from "../src/seed.ts";
import { shrink } from "../src/shrink.ts";
import { ClockError, SimClock } from "../src/sim-clock.ts";

describe("chance", () => {
  it("is the same for the same seed, and its forks do not depend on what was drawn", () => {
    const [a, b] = [new Prng(1n), new Prng(1n)];
    a.uint32();
    expect([a.fork("x").uint32(), a.fork("y").uint32()]).toEqual([
      b.fork("x").uint32(),
      b.fork("y").uint32(),
    ]);
    expect(a.fork("x").uint32()).not.toBe(a.fork("y").uint32());
  });

  it("covers its bounds, and no more", () => {
    const random = new Prng(2n);
    const drawn = new Set(Array.from({ length: 1000 }, () => random.between(3, 6)));
    expect([...drawn].toSorted((a, b) => a - b)).toEqual([3, 4, 5, 6]);
  });
});

describe("time", () => {
  it("goes in order, and first come first served", async () => {
    const queue = new EventQueue();
    const seen: string[] = [];
    for (const [ms, name] of [
      [5, "c"],
      [1, "a"],
      [5, "d"],
      [2, "b"],
    ] as const) {
      queue.after(ms, name, () => seen.push(name));
    }
    queue.after(3, "never", () => seen.push("never"))();
    while ((await queue.step()) !== undefined);
    expect(seen).toEqual(["a", "b", "c", "d"]);
    expect([queue.nowMs, queue.stepCount]).toEqual([5, 4]);
  });

  it("is what a machine's clock says it is", async () => {
    const queue = new EventQueue();
    const error = new ClockError();
    const clock = new SimClock({ scheduler: queue, error, owner: "m" });
    const start = clock.now();
    error.drift(queue.nowMs, 2);
    clock.after(1000, () => {});
    await queue.step();
    expect([queue.nowMs, clock.now() - start]).toEqual([500, 1000]);
    error.jump(-5000);
    expect(clock.now() - start).toBe(-4000);
    error.correct();
    expect(clock.now() - start).toBe(500);
  });
});

describe("a seed", () => {
  it("is a number or a commit", () => {
    expect(parseSeed("12")).toBe("000000000000000c");
    expect(parseSeed("0x1f")).toBe("000000000000001f");
    expect(parseSeed("a1a7a2f8c0ffee00112233445566778899aabbcc")).toBe("a1a7a2f8c0ffee00");
    expect(() => parseSeed("a word")).toThrow(LatticeError);
    expect([...seedsFrom("ffffffffffffffff", 2)]).toEqual(["ffffffffffffffff", "0000000000000000"]);
  });
});

describe("shrinking", () => {
  it("leaves only what is needed", async () => {
    const write = (atMs: number) => ({ atMs, kind: "write", machine: 0, store: 0, seed: atMs }) as const;
    const plan = {
      seed: "0",
      actions: Array.from({ length: 50 }, (_, n) => write(n)),
      untilMs: 60,
    } as unknown as Plan;
    const needs = [7, 23];
    const fails = (candidate: Plan) =>
      Promise.resolve(needs.every((atMs) => candidate.actions.some((action) => action.atMs === atMs)));
    const short = await shrink(plan, { fails, triesMax: 500 });
    expect(short.actions.map(({ atMs }) => atMs)).toEqual(needs);
  });
});

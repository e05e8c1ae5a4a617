import { describe, expect, it } from "vitest";
import { staggeredRace } from "../src/libp2p/staggered-race.ts";

const never = new AbortController().signal;
const NO_TIME_MS = 0;
const FOR_EVER_MS = 2 ** 31 - 1;

describe("staggeredRace", () => {
  it("tries the next way as soon as one fails", async () => {
    const tried: string[] = [];
    const winner = await staggeredRace({
      ways: ["a", "b", "c"],
      attempt: async (way: string) => {
        tried.push(way);
        return way === "b" ? await Promise.resolve(way) : await Promise.reject(new Error(way));
      },
      discard: () => undefined,
      signal: never,
      staggerMs: FOR_EVER_MS,
    });
    expect(winner).toBe("b");
    expect(tried).toEqual(["a", "b"]);
  });

  it("does not wait for a way that hangs, and gives back what comes too late", async () => {
    const late = Promise.withResolvers<string>();
    const discarded = Promise.withResolvers<string>();
    const signals: AbortSignal[] = [];
    const winner = await staggeredRace({
      ways: ["hangs", "works"],
      attempt: (way: string, signal) => {
        signals.push(signal);
        return way === "hangs" ? late.promise : Promise.resolve(way);
      },
      discard: discarded.resolve,
      signal: never,
      staggerMs: NO_TIME_MS,
    });
    expect(winner).toBe("works");
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
    late.resolve("late");
    expect(await discarded.promise).toBe("late");
  });

  it("rejects with all failures, and where there is no way", async () => {
    const failing = staggeredRace({
      ways: [1, 2, 3],
      attempt: (way) => Promise.reject(new Error(String(way))),
      discard: () => undefined,
      signal: never,
      staggerMs: NO_TIME_MS,
    });
    const errors = await failing.catch((error: unknown) => (error as AggregateError).errors);
    expect(errors.map(String)).toEqual(["Error: 1", "Error: 2", "Error: 3"]);
    const nowhere = staggeredRace({
      ways: [],
      attempt: () => Promise.resolve(1),
      discard: () => undefined,
      signal: never,
    });
    await expect(nowhere).rejects.toThrow(/no way/);
  });

  it("starts nothing more once its signal is aborted", async () => {
    const cancel = new AbortController();
    const tried: number[] = [];
    const race = staggeredRace({
      ways: [1, 2],
      attempt: (way) => {
        tried.push(way);
        cancel.abort();
        return Promise.reject(new Error("aborted"));
      },
      discard: () => undefined,
      signal: cancel.signal,
      staggerMs: NO_TIME_MS,
    });
    await expect(race).rejects.toThrow(AggregateError);
    expect(tried).toEqual([1]);
  });
});

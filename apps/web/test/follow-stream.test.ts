import { LatticeError } from "@lattice/model/errors";
import { describe, expect, it } from "vitest";
import { followStream, type StreamState } from "../src/connection/follow-stream.ts";

async function follow(
  attempts: readonly (() => AsyncIterable<number>)[],
  stopAfter: (items: readonly number[], states: readonly StreamState["kind"][]) => boolean = () => false,
  { isEndless = false } = {},
): Promise<{ items: number[]; states: StreamState["kind"][] }> {
  const stopping = new AbortController();
  const items: number[] = [];
  const states: StreamState["kind"][] = [];
  let attempt = 0;
  const check = (): void => {
    if (stopAfter(items, states)) stopping.abort();
  };
  await followStream<number>({
    open: () => attempts[attempt++]!(),
    onItem: (item) => {
      items.push(item);
      check();
    },
    onState: ({ kind }) => {
      states.push(kind);
      check();
    },
    signal: stopping.signal,
    isEndless,
  });
  return { items, states };
}

async function* broken(items: readonly number[], code: "unavailable" | "not-found"): AsyncIterable<number> {
  yield* items;
  throw new LatticeError(code, "gone");
}

async function* whole(items: readonly number[]): AsyncIterable<number> {
  yield* items;
}

describe("a stream that is followed", () => {
  it("is opened again when the node was away, until it ends", async () => {
    const { items, states } = await follow([() => broken([1, 2], "unavailable"), () => whole([3])]);
    expect(items).toEqual([1, 2, 3]);
    expect(states).toEqual(["open", "away", "open", "ended"]);
  });

  it("is given up where the request itself is wrong", async () => {
    const { items, states } = await follow([() => broken([1], "not-found")]);
    expect({ items, states }).toEqual({ items: [1], states: ["open", "failed"] });
  });

  it("is opened again after its end where it should have none", async () => {
    const { items, states } = await follow(
      [() => whole([1]), () => whole([2])],
      (seen) => seen.length === 2,
      {
        isEndless: true,
      },
    );
    expect({ items, states }).toEqual({ items: [1, 2], states: ["open", "away", "open"] });
  });

  it("is let go at once when nobody looks any more, also while it waits", async () => {
    const { states } = await follow([() => broken([], "unavailable")], (_, seen) => seen.includes("away"));
    expect(states).toEqual(["open", "away"]);
  });
});

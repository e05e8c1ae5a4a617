import { expect, test } from "vitest";
import { NodeEvents, type NodeEvent } from "../src/events.ts";
import { EVENTS_KEPT_MAX, EVENTS_PENDING_MAX } from "../src/limits.ts";

function events(): { told: NodeEvents; tell: (count: number) => void } {
  let at = 0;
  const told = new NodeEvents(() => 7);
  const tell = (count: number) => {
    for (let each = 0; each < count; each++) told.publish({ kind: "synced", text: `${++at}` });
  };
  return { told, tell };
}

async function take(stream: AsyncIterable<NodeEvent>, count: number): Promise<string[]> {
  const taken: string[] = [];
  for await (const { kind, text, seq } of stream) {
    expect(seq).toBeGreaterThanOrEqual(0);
    taken.push(kind === "gap" ? "gap" : text);
    if (taken.length === count) break;
  }
  return taken;
}

const { signal } = new AbortController();

test("who listens is told what happens from then on", async () => {
  const { told, tell } = events();
  tell(2);
  const stream = told.subscribe(signal);
  tell(2);
  expect(await take(stream, 2)).toEqual(["3", "4"]);
});

test("who comes back goes on behind what it was told, with nothing between", async () => {
  const { told, tell } = events();
  tell(5);
  const stream = told.subscribe(signal, 2);
  tell(1);
  expect(await take(stream, 4)).toEqual(["3", "4", "5", "6"]);
  const last = told.subscribe(signal, 6);
  tell(1);
  expect(await take(last, 1)).toEqual(["7"]);
});

test("who comes back too late, or from elsewhere, is told of a gap", async () => {
  const { told, tell } = events();
  tell(2 * EVENTS_KEPT_MAX);
  for (const after of [0, 1, -1, 5 * EVENTS_KEPT_MAX]) {
    const stream = told.subscribe(signal, after);
    tell(1);
    expect((await take(stream, 2))[0]).toBe("gap");
  }
  expect(await take(told.subscribe(signal, 2 * EVENTS_KEPT_MAX), 2)).toEqual([
    `${2 * EVENTS_KEPT_MAX + 1}`,
    `${2 * EVENTS_KEPT_MAX + 2}`,
  ]);
});

test("a place in a gap is one to go on from", async () => {
  const { told, tell } = events();
  const slow = told.subscribe(signal)[Symbol.asyncIterator]();
  tell(EVENTS_PENDING_MAX + 1);
  const { value } = (await slow.next()) as { value: NodeEvent };
  expect(value.kind).toBe("gap");
  tell(1);
  const again = told.subscribe(signal, value.seq);
  expect(await take(again, 1)).toEqual([`${EVENTS_PENDING_MAX + 2}`]);
});

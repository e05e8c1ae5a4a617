import fc from "fast-check";
import { expect, test } from "vitest";
import { readEvents, type ServerSentEvent } from "../src/event-reader.ts";
import { LINE_LENGTH_MAX } from "../src/limits.ts";

/** What comes of a text that arrives in pieces of these lengths. */
async function read(text: string, lengths: readonly number[] = []): Promise<ServerSentEvent[]> {
  const bytes = new TextEncoder().encode(text);
  const ends = lengths.reduce<number[]>((all, length) => [...all, (all.at(-1) ?? 0) + length], []);
  const cuts = [0, ...ends.filter((end) => end < bytes.length), bytes.length];
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 1; at < cuts.length; at++) {
        if (cuts[at]! > cuts[at - 1]!) controller.enqueue(bytes.slice(cuts[at - 1], cuts[at]));
      }
      controller.close();
    },
  });
  const events: ServerSentEvent[] = [];
  for await (const event of readEvents(stream)) events.push(event);
  return events;
}

test("an event has its data, its name and the last id", async () => {
  const text = "retry: 1\n\n: comment\nid: 7\ndata: a\ndata:  b\n\nevent: end\ndata\n\nid:\ndata:c\n\n";
  expect(await read(text)).toEqual([
    { type: "message", data: "a\n b", id: "7" },
    { type: "end", data: "", id: "7" },
    { type: "message", data: "c", id: "" },
  ]);
});

test("lines end in any of three ways", async () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const text = ["id: 1", "data: x", "", "data: y", "", ""].join(end);
    expect((await read(text)).map(({ data }) => data).slice(0, 1)).toEqual(["x"]);
  }
});

test("an event that was cut off is dropped", async () => {
  expect(await read("data: a\n\ndata: b\n")).toEqual([{ type: "message", data: "a", id: "" }]);
});

test("property: it does not matter in which pieces the bytes come", async () => {
  const line = fc.oneof(
    fc.string({ unit: "grapheme" }).map((text) => `data: ${text.replace(/[\r\n\0]/g, "")}`),
    fc.constant(""),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.integer({ min: 1, max: 9 })), async (lines, lengths) => {
      const text = `${lines.join("\r\n")}\r\n\r\n`;
      expect(await read(text, lengths)).toEqual(await read(text));
    }),
  );
});

test("a line without an end is not kept for ever", async () => {
  await expect(read(`data: ${"x".repeat(LINE_LENGTH_MAX)}`)).rejects.toMatchObject({ code: "too-large" });
});

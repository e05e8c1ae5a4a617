import { bytesText } from "../src/print/value.ts";
import { plainPaint } from "../src/print/paint.ts";
import { qrLines } from "../src/print/qr-code.ts";
import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { isTokenField, kebabCase, timeFormOf } from "../src/fields/names.ts";
import { drawGraph, type GraphNode } from "../src/print/graph.ts";
import { renderCommandReply, renderEvent, renderReply } from "../src/print/reply.ts";
import { alignRows, widthOf } from "../src/print/table.ts";
import { decodePrintable, escapeText, oneLine } from "../src/print/text.ts";
import { CountReply, Entry, Everything, GetReply, Kind, ListReply, PutReply, ShelfEvent } from "./shelf.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const BRIEF = { verbose: false };

describe("a reply", () => {
  test("of one field is its bare value, as it is", () => {
    const reply = GetReply.create({ value: utf8("two\nlines\t.") });
    expect(renderReply(GetReply, reply, BRIEF)).toEqual({
      lines: ["two\nlines\t."],
      notes: [],
      missing: false,
    });
  });

  test("shows a default where there is nothing else that it could show", () => {
    expect(renderReply(CountReply, CountReply.create(), BRIEF).lines).toEqual(["0"]);
  });

  test("is missing where all that it could hold is absent", () => {
    expect(renderReply(GetReply, GetReply.create(), BRIEF).missing).toBe(true);
    expect(renderReply(GetReply, GetReply.create({ value: new Uint8Array() }), BRIEF)).toMatchObject({
      missing: false,
      lines: [""],
    });
    expect(renderReply(ListReply, ListReply.create(), BRIEF)).toEqual({
      lines: [],
      notes: [],
      missing: false,
    });
  });

  test.each([
    [[0xff, 0x00], "0xff00"],
    [[...utf8("\u001b[31m")], "0x1b5b33316d"],
    [[0xc2, 0x9b], "0xc29b"],
    [[...utf8("grün")], "grün"],
  ])("shows bytes %j as %s", (value, shown) => {
    const reply = GetReply.create({ value: new Uint8Array(value) });
    expect(renderReply(GetReply, reply, BRIEF).lines).toEqual([shown]);
  });

  test("of a command keeps its hash to itself, unless asked", () => {
    const reply = PutReply.create({ hash: new Uint8Array(4) });
    expect(renderCommandReply(PutReply, reply, BRIEF).lines).toEqual([]);
    expect(renderCommandReply(PutReply, reply, { verbose: true }).lines).toEqual(["00000000"]);
    expect(renderCommandReply(Everything, Everything.create({ big: 7n }), BRIEF).lines).toEqual(["7"]);
  });

  test("keeps rows apart, whatever is in them", () => {
    const entries = [Entry.create({ key: utf8("a\nb"), value: utf8("c") }), Entry.create({ key: utf8("d") })];
    const { lines } = renderReply(ListReply, ListReply.create({ entries }), BRIEF);
    expect(lines).toEqual(["KEY   VALUE", String.raw`a\nb  c`, "d     -"]);
  });
});

test("an event is one line, without what only leads back into the stream", () => {
  const entry = Entry.create({ key: utf8("k"), value: utf8("a\nb"), conflicted: true });
  const event = ShelfEvent.create({ kind: Kind.PUT, entry, resume: new Uint8Array([1]) });
  expect(renderEvent(ShelfEvent, event, BRIEF)).toBe(String.raw`put  k  a\nb  (conflicted)`);
  expect(renderEvent(ShelfEvent, ShelfEvent.create({ kind: Kind.READY }), BRIEF)).toBe("ready");
  expect(isTokenField(ShelfEvent.fields[2]!)).toBe(true);
});

describe("text", () => {
  test("property: no character reaches the terminal that could steer it", () => {
    const steering = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.uint8Array(), (text, bytes) => {
        expect(escapeText(text)).not.toMatch(steering);
        expect(oneLine(text)).not.toMatch(steering);
        expect((decodePrintable(bytes) ?? "").replace(/[\n\t]/g, "")).not.toMatch(steering);
      }),
    );
  });

  test("line breaks in a message become blanks", () => {
    expect(oneLine("a\n  b\r\nc\n")).toBe("a b c");
  });
});

test.each([
  ["Put", "put"],
  ["CompareAndSet", "compare-and-set"],
  ["compareAndSet", "compare-and-set"],
  ["from_ms", "from-ms"],
  ["GetURLOf", "get-url-of"],
  ["KIND_PUT", "kind-put"],
])("%s in kebab case is %s", (name, kebab) => {
  expect(kebabCase(name)).toBe(kebab);
});

test("a span of time is no time", () => {
  const field = Everything.fields.find(({ name }) => name === "big")!;
  const named = (name: string) => timeFormOf({ ...field, name });
  expect([named("seen_ms"), named("timestamp"), named("expires_in_ms"), named("big")]).toEqual([
    "ms",
    "hlc",
    undefined,
    undefined,
  ]);
});

test("columns stand below each other, also with wide characters", () => {
  expect(
    alignRows([
      ["a", "b"],
      ["ccc", "d"],
      ["日本", "e"],
    ]),
  ).toEqual(["a     b", "ccc   d", "日本  e"]);
  expect(widthOf("é")).toBe(1);
});

describe("the drawing of a history", () => {
  const draw = (nodes: readonly GraphNode[]) =>
    drawGraph(nodes).flatMap(({ mark, below }, index) => [`${mark} ${nodes[index]!.id}`, ...below]);

  test("of one line", () => {
    expect(
      draw([
        { id: "b", parents: ["a"] },
        { id: "a", parents: [] },
      ]),
    ).toEqual(["* b", "* a"]);
  });

  test("of two that part and meet", () => {
    expect(
      draw([
        { id: "m", parents: ["a2", "b1"] },
        { id: "a2", parents: ["a1"] },
        { id: "b1", parents: ["a1"] },
        { id: "a1", parents: [] },
      ]),
    ).toEqual(["* m", "├─╮", "* │ a2", "│ * b1", "├─╯", "* a1"]);
  });

  test("of three heads", () => {
    expect(
      draw([
        { id: "c", parents: ["r"] },
        { id: "b", parents: ["r"] },
        { id: "a", parents: ["r"] },
        { id: "r", parents: [] },
      ]),
    ).toEqual(["* c", "│ * b", "├─╯", "│ * a", "├─╯", "* r"]);
  });

  test("property: every node has its mark, once", () => {
    const dag = fc.array(fc.array(fc.nat(8), { maxLength: 3 }), { maxLength: 12 }).map((rows) =>
      rows.map((offsets, index) => ({
        id: String(index),
        parents: offsets.map((offset) => String(index + 1 + offset)),
      })),
    );
    fc.assert(
      fc.property(dag, (nodes) => {
        const rows = drawGraph(nodes);
        expect(rows).toHaveLength(nodes.length);
        for (const { mark, below } of rows) {
          expect(mark.split("*")).toHaveLength(2);
          for (const line of below) expect(line).toMatch(/^[ │├┤╭╮╯╰─┼]+$/);
        }
      }),
    );
  });
});

describe("a QR code", () => {
  test("is square, with the three eyes that cameras look for", () => {
    const lines = qrLines("lattice1abcdef", plainPaint);
    const modules = lines.flatMap((line) => [
      [...line].map((character) => character === " " || character === "▄"),
      [...line].map((character) => character === " " || character === "▀"),
    ]);
    const size = modules[0]!.length;
    expect(Math.ceil(size / 2)).toBe(lines.length);
    const eye = (top: number, left: number) =>
      Array.from({ length: 7 }, (_, row) =>
        Array.from({ length: 7 }, (__, column) => (modules[top + row]![left + column]! ? "#" : ".")).join(""),
      );
    const expected = ["#######", "#.....#", "#.###.#", "#.###.#", "#.###.#", "#.....#", "#######"];
    // Two light modules are the border.
    for (const [top, left] of [
      [2, 2],
      [2, size - 9],
      [size - 9, 2],
    ] as const)
      expect(eye(top, left)).toEqual(expected);
  });
});

describe("a long value", () => {
  const options = { inline: true, isCut: true };
  const many = (character: string) => new TextEncoder().encode(character.repeat(5_000));

  test("is cut in a table for a person, and says how long it is", () => {
    expect(bytesText(many("x"), options)).toBe(`${"x".repeat(160)}… (5000 bytes)`);
    expect(bytesText(new Uint8Array(5_000), options)).toBe(`0x${"00".repeat(79)}… (5000 bytes)`);
    expect(bytesText(many("x"), { ...options, bytes: "hex" })).toBe(`${"78".repeat(80)}… (5000 bytes)`);
    // In the middle of a character of several bytes.
    expect(bytesText(many("ä€"), options)).toBe(`${"ä€".repeat(80)}… (25000 bytes)`);
  });

  test("is whole where it stands alone, in a pipe, and where it is not so long", () => {
    expect(bytesText(many("x"), { inline: false, isCut: true })).toHaveLength(5_000);
    expect(bytesText(many("x"), { inline: true })).toHaveLength(5_000);
    expect(bytesText(many("x").subarray(0, 640), options)).toHaveLength(640);
  });
});

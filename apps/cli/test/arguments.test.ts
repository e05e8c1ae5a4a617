import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { MessageType, ScalarType } from "@protobuf-ts/runtime";
import fc from "fast-check";
import { parseArguments } from "../src/fields/arguments.ts";
import { fromJson, toJson, type Json } from "../src/fields/json.ts";
import type { MessageType as AnyMessage } from "../src/fields/message.ts";
import { wordsOf } from "../src/fields/words.ts";
import { takeFlags } from "../src/flags.ts";
import { LINE_FLAGS } from "../src/invocation.ts";
import { quoteWord, tokenize } from "../src/tokenizer.ts";
import { Entry, Everything, PutRequest, ResolveRequest } from "./shelf.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

function parse(type: AnyMessage, words: readonly string[], isComplete = false): Record<string, unknown> {
  return parseArguments(type, takeFlags(words, LINE_FLAGS), { isComplete }) as Record<string, unknown>;
}

describe("parseArguments", () => {
  test("takes fields by position, by name and as flags", () => {
    const expected = PutRequest.create({ key: utf8("k"), value: utf8("v"), if: ["a", "b"] });
    expect(parse(PutRequest, ["k", "v", "if=a", "if=b"])).toEqual(expected);
    expect(parse(PutRequest, ["--if", "a", "k", "--if=b", "v"])).toEqual(expected);
    expect(parse(PutRequest, ["value=v", "k", "if=a", "if=b"])).toEqual(expected);
  });

  test("a word with = stays whole where its left side is no field", () => {
    expect(parse(PutRequest, ["a=b", "c=d=e"])).toMatchObject({ key: utf8("a=b"), value: utf8("c=d=e") });
  });

  test("behind -- everything stands by position", () => {
    expect(parse(PutRequest, ["--", "key=x", "--if"])).toMatchObject({
      key: utf8("key=x"),
      value: utf8("--if"),
    });
  });

  test("a minus alone makes no flag", () => {
    expect(parse(PutRequest, ["-5", "-x"])).toMatchObject({ key: utf8("-5"), value: utf8("-x") });
  });

  test.each([
    ["hex:00ff", [0, 255]],
    ["base64:AP8=", [0, 255]],
    ["text:hex:00", [...utf8("hex:00")]],
    ["text:@x", [...utf8("@x")]],
    ["", []],
    ["grün", [...utf8("grün")]],
  ])("bytes from %j", (word, bytes) => {
    expect([...(parse(PutRequest, [word])["key"] as Uint8Array)]).toEqual(bytes);
  });

  test("bytes from a file", () => {
    const directory = mkdtempSync(join(tmpdir(), "lattice-cli-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const path = join(directory, "value");
    writeFileSync(path, new Uint8Array([0, 1, 255]));
    expect(parse(PutRequest, ["k", `@${path}`])["value"]).toEqual(new Uint8Array([0, 1, 255]));
    expect(() => parse(PutRequest, ["k", `@${path}.not`])).toThrow("does not exist");
  });

  test("enums by name in any spelling, or by number", () => {
    for (const word of ["put", "PUT", "KIND_PUT", "kind-put", "1"]) {
      expect(parse(Everything, [`kind=${word}`])["kind"]).toBe(1);
    }
  });

  test("bools are flags", () => {
    expect(parse(Everything, ["--on"])["on"]).toBe(true);
    expect(parse(Everything, ["on=true"])["on"]).toBe(true);
    expect(parse(Everything, ["--no-on"])["on"]).toBe(false);
  });

  test("a repeated field leaves words for those behind it", () => {
    const words = ["n", "d", "1", "2", "3", "0.5", "put", "{}", "x", "y"];
    expect(parse(Everything, words)).toMatchObject({ name: "n", smallCount: 1, kind: 1, words: ["x", "y"] });
  });

  test("messages, maps and choices", () => {
    const words = ['entry={"key":"k","value":{"base64":"AP8="}}', "labels=a=hex:01", "labels=b=", "right=7"];
    expect(parse(Everything, words)).toMatchObject({
      entry: { key: utf8("k"), value: new Uint8Array([0, 255]) },
      labels: { a: new Uint8Array([1]), b: new Uint8Array() },
      side: { oneofKind: "right", right: 7 },
    });
    expect(parse(Everything, ['entries=[{"key":"a"},{"key":"b"}]'])["entries"]).toHaveLength(2);
  });

  test.each<[AnyMessage, string[], string]>([
    [PutRequest, ["a", "b", "c"], '"c" is one argument too many'],
    [PutRequest, ["--fi", "x"], 'unknown flag --fi; did you mean "if"?'],
    [PutRequest, ["--if"], "--if needs a value"],
    [PutRequest, ["key=a", "key=b"], "key is given twice"],
    [PutRequest, ["hex:0"], "not an even number of hex digits"],
    [PutRequest, ["base64:!"], "is not base64"],
    [PutRequest, ["a\ufffd"], "is not UTF-8 as it was typed; write hex:"],
    [PutRequest, ["text:\ufffd"], "is not UTF-8 as it was typed; write hex:"],
    [Everything, ["small-count=x"], '"x" is no whole number'],
    [Everything, ["small_count=2147483648"], "is not between -2147483648 and 2147483647"],
    [Everything, ["big=-1"], "is not between 0 and 18446744073709551615"],
    [Everything, ["ratio=abc"], '"abc" is no number'],
    [Everything, ["kind=pot"], "is none of: unspecified, put, ready"],
    [Everything, ["on=maybe"], "neither true nor false"],
    [Everything, ["left=a", "right=1"], "only one of the choices of side"],
    [Everything, ["labels=a"], "is not of the form KEY=VALUE"],
    [Everything, ["entry={"], "is not JSON"],
    [Everything, ['entry={"kye":"x"}'], 'Entry has no field "kye", only: key, value, conflicted'],
    [Everything, ["author=xyz"], "hex digits"],
  ])("%o refuses %j", (type, words, message) => {
    expect(() => parse(type, words)).toThrow(message);
  });

  test("an optional field that has a position takes the place of none", () => {
    const IncrementRequest = new MessageType<Record<string, unknown>>("test.IncrementRequest", [
      { no: 1, name: "name", kind: "scalar", T: ScalarType.STRING },
      { no: 2, name: "amount", kind: "scalar", T: ScalarType.UINT32, opt: true },
    ]);
    expect(() => parse(IncrementRequest, ["amount=3"], true)).toThrow("NAME is missing");
    expect(parse(IncrementRequest, ["amount=3", "votes"], true)).toEqual({ name: "votes", amount: 3 });
    expect(parse(IncrementRequest, ["votes"], true)).toEqual({ name: "votes" });
  });

  test("a command wants every positional, unless an optional field without a position takes its place", () => {
    expect(() => parse(PutRequest, ["k"], true)).toThrow("VALUE is missing");
    expect(() => parse(PutRequest, ["k", "if=x"], true)).toThrow("VALUE is missing");
    expect(parse(PutRequest, ["k", ""], true)).toMatchObject({ value: new Uint8Array() });
    expect(parse(ResolveRequest, ["k", "value=v"], true)).toMatchObject({ head: "", value: utf8("v") });
    expect(() => parse(ResolveRequest, ["k"], true)).toThrow("HEAD is missing");
  });
});

const bytes = fc.uint8Array({ maxLength: 12 });
const entry = fc
  .record({ key: bytes, value: bytes, conflicted: fc.boolean() })
  .map((fields) => fields as Record<string, unknown>);
const words = fc.string({ unit: "binary", maxLength: 8 });
const everything = fc
  .record({
    name: words,
    data: bytes,
    smallCount: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    big: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    bigText: fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }).map(String),
    ratio: fc.double(),
    kind: fc.constantFrom(0, 1, 2, 17),
    on: fc.boolean(),
    maybe: fc.option(words, { nil: undefined }),
    entry: fc.option(entry, { nil: undefined }),
    labels: fc.dictionary(
      words.filter((key) => !key.includes("=") && key !== "__proto__"),
      bytes,
      { noNullPrototype: true },
    ),
    side: fc.oneof(
      fc.constant({ oneofKind: undefined }),
      fc.record({ oneofKind: fc.constant("left"), left: words }),
      fc.record({ oneofKind: fc.constant("right"), right: fc.nat() }),
    ),
    author: bytes,
    words: fc.array(words, { maxLength: 4 }),
    entries: fc.array(entry, { maxLength: 3 }),
  })
  .map((fields) => Everything.create(fields));

/** The naive twin of the parser: every field by its name. */
function encode(message: Record<string, unknown>): string[] {
  const hex = (value: unknown) => `hex:${Buffer.from(value as Uint8Array).toString("hex")}`;
  const json = (value: unknown) => JSON.stringify(toJson(Entry, value as object));
  const side = message["side"] as { oneofKind?: string; [name: string]: unknown };
  return [
    `name=${String(message["name"])}`,
    `--data=${hex(message["data"])}`,
    ...["--small-count", String(message["smallCount"])],
    `big=${String(message["big"])}`,
    `bigText=${String(message["bigText"])}`,
    `ratio=${Object.is(message["ratio"], -0) ? "-0" : String(message["ratio"])}`,
    `kind=${String(message["kind"])}`,
    message["on"] === true ? "--on" : "--no-on",
    ...(message["maybe"] === undefined ? [] : ["--maybe", String(message["maybe"])]),
    ...(message["entry"] === undefined ? [] : [`entry=${json(message["entry"])}`]),
    ...Object.entries(message["labels"] as object).map(([key, value]) => `labels=${key}=${hex(value)}`),
    ...(side.oneofKind === undefined ? [] : [`${side.oneofKind}=${String(side[side.oneofKind])}`]),
    `author=${hex(message["author"])}`,
    ...(message["words"] as string[]).map((word) => `words=${word}`),
    ...(message["entries"] as object[]).map((item) => `entries=${json(item)}`),
  ];
}

describe("round trips", () => {
  test("property: arguments by name parse to the message they were made of", () => {
    fc.assert(
      fc.property(everything, (message) => {
        expect(parse(Everything, encode(message))).toEqual(message);
      }),
    );
  });

  test("property: the words of a message parse to it again, also when they went through a line", () => {
    fc.assert(
      fc.property(everything, (message) => {
        const given = wordsOf(Everything, message);
        expect(parse(Everything, given)).toEqual(message);
        expect(tokenize(given.map(quoteWord).join(" "))).toEqual(given);
      }),
    );
    const put = fc.record({ key: fc.uint8Array(), value: fc.uint8Array(), if: fc.array(fc.string()) });
    fc.assert(
      fc.property(put, (message) => {
        expect(parse(PutRequest, wordsOf(PutRequest, message))).toEqual(PutRequest.create(message));
      }),
    );
  });

  test("a replacement character is typed as bytes, since as text it stands for some that were lost", () => {
    const message = { key: utf8("a\ufffd"), value: utf8("v"), if: [] };
    expect(wordsOf(PutRequest, message)[0]).toBe("hex:61efbfbd");
    expect(parse(PutRequest, wordsOf(PutRequest, message))).toEqual(PutRequest.create(message));
  });

  test("property: words by position behind -- parse to the fields in order", () => {
    const word = words.filter((text) => !/^(hex:|base64:|text:|@)/.test(text));
    fc.assert(
      fc.property(word, word, (key, value) => {
        const message = parse(PutRequest, ["--", key, value]);
        expect(message).toEqual(PutRequest.create({ key: utf8(key), value: utf8(value) }));
      }),
    );
  });

  test("property: JSON that was written reads back as the same message", () => {
    fc.assert(
      fc.property(everything, (message) => {
        const json = JSON.parse(JSON.stringify(toJson(Everything, message))) as Json;
        expect(fromJson(Everything, json)).toEqual(message);
      }),
    );
  });
});

import { MessageType, RepeatType, ScalarType, LongType } from "@protobuf-ts/runtime";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  EMPTY_DRAFT,
  fieldDraft,
  withField,
  type FieldDraft,
  type MessageDraft,
} from "../src/fields/draft.ts";
import { messageJson } from "../src/fields/message-json.ts";
import { parseDraft } from "../src/fields/parse-draft.ts";
import { parseInteger } from "../src/fields/parse-number.ts";

type Message = Record<string, unknown>;

const Colour = ["test.Colour", { UNSPECIFIED: 0, 0: "UNSPECIFIED", RED: 3, 3: "RED" }] as const;

const Everything: MessageType<Message> = new MessageType<Message>("test.Everything", [
  { no: 1, name: "name", kind: "scalar", T: ScalarType.STRING },
  { no: 2, name: "data", kind: "scalar", T: ScalarType.BYTES },
  { no: 3, name: "small", kind: "scalar", T: ScalarType.UINT32 },
  { no: 4, name: "large", kind: "scalar", T: ScalarType.SINT64, L: LongType.BIGINT },
  { no: 5, name: "is_on", kind: "scalar", T: ScalarType.BOOL },
  { no: 6, name: "colour", kind: "enum", T: () => [Colour[0], { ...Colour[1] }] },
  { no: 7, name: "amount", kind: "scalar", T: ScalarType.UINT64, L: LongType.BIGINT, opt: true },
  { no: 8, name: "words", kind: "scalar", T: ScalarType.STRING, repeat: RepeatType.UNPACKED },
  { no: 9, name: "inner", kind: "message", T: () => Everything },
  { no: 10, name: "sizes", kind: "map", K: ScalarType.STRING, V: { kind: "scalar", T: ScalarType.INT32 } },
  { no: 11, name: "by_name", kind: "scalar", T: ScalarType.STRING, oneof: "choice" },
  { no: 12, name: "by_number", kind: "scalar", T: ScalarType.INT32, oneof: "choice" },
  { no: 13, name: "ratio", kind: "scalar", T: ScalarType.DOUBLE },
]);

const text = (value: string, form?: "text" | "hex" | "base64"): FieldDraft => ({
  kind: "single",
  isPresent: true,
  element: form === undefined ? { kind: "text", text: value } : { kind: "text", text: value, form },
});

function parsed(draft: MessageDraft): Message {
  const outcome = parseDraft(Everything, draft);
  if (!outcome.ok) throw new Error([...outcome.mistakes].join("; "));
  // What comes out can be encoded, and nothing is lost on the way.
  return Everything.fromBinary(Everything.toBinary(outcome.message));
}

function mistakes(draft: MessageDraft): Record<string, string> {
  const outcome = parseDraft(Everything, draft);
  return outcome.ok ? {} : Object.fromEntries(outcome.mistakes);
}

describe("a form that was filled in", () => {
  it("is a message without anything where nothing was touched", () => {
    expect(parsed(EMPTY_DRAFT)).toEqual(Everything.create());
  });

  it("is a message with values of every type", () => {
    const message = parsed({
      name: text("ada"),
      data: text("00ff", "hex"),
      small: text(" 4 000 "),
      large: text("-9223372036854775808"),
      is_on: { kind: "single", isPresent: true, element: { kind: "bool", checked: true } },
      colour: { kind: "single", isPresent: true, element: { kind: "enum", number: 3 } },
      amount: text("0"),
      words: {
        kind: "list",
        items: [
          { kind: "text", text: "a" },
          { kind: "text", text: "" },
        ],
      },
      inner: {
        kind: "single",
        isPresent: true,
        element: { kind: "message", message: { name: text("inside") } },
      },
      sizes: {
        kind: "map",
        entries: [{ key: { kind: "text", text: "a b" }, value: { kind: "text", text: "-1" } }],
      },
      by_number: text("7"),
      ratio: text("1e3"),
    });
    expect(message).toMatchObject({
      name: "ada",
      data: Uint8Array.of(0, 255),
      small: 4000,
      large: -(2n ** 63n),
      isOn: true,
      colour: 3,
      amount: 0n,
      words: ["a", ""],
      inner: { name: "inside" },
      choice: { oneofKind: "byNumber", byNumber: 7 },
      ratio: 1000,
    });
    expect(Object.entries(message["sizes"] as object)).toEqual([["a b", -1]]);
  });

  it("leaves out what is not given, whatever was typed there", () => {
    const left: FieldDraft = {
      kind: "single",
      isPresent: false,
      element: { kind: "text", text: "no number" },
    };
    const message = parsed({ amount: left, by_name: left });
    expect(message).toMatchObject({ choice: { oneofKind: undefined } });
    expect(message["amount"]).toBeUndefined();
  });

  it("says all that is wrong at once, each at its place", () => {
    const found = mistakes({
      small: text("-1"),
      data: text("xyz", "hex"),
      inner: {
        kind: "single",
        isPresent: true,
        element: { kind: "message", message: { large: text("many"), ratio: text("much") } },
      },
      sizes: {
        kind: "map",
        entries: [
          { key: { kind: "text", text: "a" }, value: { kind: "text", text: "1" } },
          { key: { kind: "text", text: "a" }, value: { kind: "text", text: "1.5" } },
        ],
      },
      colour: { kind: "single", isPresent: true, element: { kind: "enum", number: 2 } },
    });
    expect(Object.keys(found).toSorted()).toEqual(
      ["colour", "data", "inner.large", "inner.ratio", "sizes.1.key", "sizes.1.value", "small"].toSorted(),
    );
    expect(found["small"]).toBe("not below 0");
  });

  it("keeps one choice of a oneof, and what was typed into the others", () => {
    const fields = Everything.fields;
    const byName = fields.find(({ name }) => name === "by_name")!;
    const byNumber = fields.find(({ name }) => name === "by_number")!;
    const first = withField(EMPTY_DRAFT, fields, { field: byName, to: text("ada") });
    const second = withField(first, fields, { field: byNumber, to: text("3") });
    expect(parsed(second)).toMatchObject({ choice: { oneofKind: "byNumber", byNumber: 3 } });
    expect(fieldDraft(second, byName)).toMatchObject({ isPresent: false, element: { text: "ada" } });
  });

  it("takes no notice of what was kept for a field of another kind", () => {
    const stale = { small: { kind: "list", items: [] }, name: text("x") } as const;
    expect(parsed(stale)).toMatchObject({ small: 0, name: "x" });
  });
});

describe("a number", () => {
  it("is taken within the bounds of its type, and nowhere else", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), (value) => {
        const inside = value >= 0n && value < 2n ** 64n;
        expect("value" in parseInteger(String(value), ScalarType.UINT64)).toBe(inside);
        if (inside) expect(parseInteger(String(value), ScalarType.UINT64)).toEqual({ value });
      }),
    );
  });

  it("can be written in hex, and is 0 where nothing is written", () => {
    expect(parseInteger("0xff", ScalarType.INT32)).toEqual({ value: 255n });
    expect(parseInteger("", ScalarType.INT32)).toEqual({ value: 0n });
    expect(parseInteger("1.5", ScalarType.INT32)).toHaveProperty("mistake");
  });
});

describe("a message as JSON", () => {
  it("writes names as in the .proto, text as text and numbers exactly", () => {
    const message = Everything.create({
      data: new TextEncoder().encode("text"),
      large: 2n ** 60n,
      colour: 3,
      choice: { oneofKind: "byName", byName: "x" },
    });
    expect(messageJson(Everything, message)).toMatchObject({
      data: "text",
      large: String(2n ** 60n),
      colour: "RED",
      by_name: "x",
      is_on: false,
    });
    expect(messageJson(Everything, Everything.create({ data: Uint8Array.of(255) }))).toMatchObject({
      data: { base64: "/w==" },
    });
  });
});

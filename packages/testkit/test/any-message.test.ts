import { LongType, MessageType, ScalarType } from "@protobuf-ts/runtime";
import { anyMessage, PHANTOM_IDS } from "@lattice/testkit";
import fc from "fast-check";
import { expect, it } from "vitest";

const scalars = Object.values(ScalarType).filter((type) => typeof type === "number");
const longs = [
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
  ScalarType.SINT64,
];

const Inner = new MessageType("test.Inner", [
  { no: 1, name: "again", kind: "message", T: () => Everything },
  { no: 2, name: "bytes", kind: "scalar", T: ScalarType.BYTES },
]);

const Everything: MessageType<object> = new MessageType<object>("test.Everything", [
  ...scalars.map((T, index) => ({
    no: index + 1,
    name: `scalar_${T}`,
    kind: "scalar" as const,
    T,
    ...(longs.includes(T) ? { L: [LongType.BIGINT, LongType.NUMBER, LongType.STRING][index % 3]! } : {}),
  })),
  { no: 40, name: "enum", kind: "enum", T: () => ["test.Kind", { 0: "NONE", NONE: 0, 1: "SOME", SOME: 1 }] },
  { no: 41, name: "optional", kind: "scalar", T: ScalarType.STRING, opt: true },
  { no: 42, name: "many", kind: "scalar", T: ScalarType.BYTES, repeat: 2 },
  { no: 43, name: "inner", kind: "message", T: () => Inner },
  { no: 44, name: "map", kind: "map", K: ScalarType.STRING, V: { kind: "message", T: () => Inner } },
  { no: 45, name: "text", kind: "scalar", T: ScalarType.STRING, oneof: "choice" },
  { no: 46, name: "other", kind: "message", T: () => Inner, oneof: "choice" },
]);

it("makes messages of any type that go over the wire, of values that are known and of odd ones", () => {
  const known = [Uint8Array.of(1, 2, 3), Uint8Array.of(9)];
  fc.assert(
    fc.property(anyMessage(Everything), (draft) => {
      const message = Everything.create(draft(known));
      Everything.fromBinary(Everything.toBinary(message));
    }),
    { numRuns: 300 },
  );
});

it("takes what is known, and ids that nobody has where nothing is", () => {
  const drafts = fc.sample(anyMessage(Inner), { numRuns: 200, seed: 1 });
  const bytesOf = (known: readonly Uint8Array[]) =>
    drafts.map((draft) => Buffer.from((draft(known) as { bytes: Uint8Array }).bytes).toString("hex"));
  expect(bytesOf([Uint8Array.of(1, 2, 3)])).toContain("010203");
  expect(bytesOf([])).toContain(Buffer.from(PHANTOM_IDS[1]!).toString("hex"));
});

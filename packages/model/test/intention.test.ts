import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BODY_BYTES_MIN,
  compareBytes,
  CONDITION_COUNT_MAX,
  decodeIntention,
  encodeIntention,
  HLC_MAX,
  ID_BYTES,
  idHash,
  idTimestamp,
  isGenesis,
  makeId,
  parentsOf,
  sha256,
  toHex,
  utf8,
  ZERO_ID,
  ZERO_STORE_ID,
  type Hlc,
  type Intention,
  type IntentionFields,
  type IntentionId,
} from "../src/index.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const nonZero = (length: number) =>
  bytes(length).map((value) => (value.every((byte) => byte === 0) ? value.fill(1) : value));
const condition = fc
  .uniqueArray(bytes(ID_BYTES), { maxLength: 4, selector: toHex })
  .map((ids) => ids.sort(compareBytes) as IntentionId[]);

const ordinary = fc.record({
  storeId: nonZero(16),
  author: bytes(32),
  seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  timestamp: fc.bigInt({ min: 0n, max: HLC_MAX }),
  storePrev: nonZero(ID_BYTES),
  condition,
  ops: fc.uint8Array({ maxLength: 40 }),
}) as unknown as fc.Arbitrary<IntentionFields>;

const genesis = ordinary.map((fields) => ({
  ...fields,
  storeId: ZERO_STORE_ID,
  seq: 0,
  storePrev: ZERO_ID,
  condition: [],
}));

const any = fc.oneof(ordinary, genesis);

function decoded(body: Uint8Array): Intention {
  const intention = decodeIntention(body);
  expect(intention).toBeTypeOf("object");
  return intention as Intention;
}

describe("an intention", () => {
  it("decodes to what was encoded, under the id that its bytes give", () => {
    fc.assert(
      fc.property(any, (fields) => {
        const encoded = encodeIntention(fields);
        const again = decoded(encoded.body);
        expect(again).toEqual(encoded);
        expect(again.hash).toEqual(sha256(encoded.body));
        expect(again.id).toEqual(makeId(fields.timestamp, again.hash));
        expect([idTimestamp(again.id), idHash(again.id)]).toEqual([fields.timestamp, again.hash]);
        expect(encodeIntention(again).body).toEqual(encoded.body);
        expect(parentsOf(again)).toEqual(isGenesis(again) ? [] : [fields.storePrev, ...fields.condition]);
      }),
      { numRuns: 200 },
    );
  });

  it("is refused where anything is missing, or too much", () => {
    fc.assert(
      fc.property(any, fc.uint8Array({ minLength: 1, maxLength: 5 }), (fields, more) => {
        const { body } = encodeIntention(fields);
        for (let length = 0; length < body.length; length++)
          expect(decodeIntention(body.subarray(0, length))).toBeTypeOf("string");
        expect(decodeIntention(new Uint8Array([...body, ...more]))).toBe("length");
      }),
      { numRuns: 40 },
    );
  });

  it("with any other byte is refused, or is another one, and says so by encoding to just that", () => {
    fc.assert(
      fc.property(any, fc.integer({ min: 1, max: 255 }), (fields, change) => {
        const { body, id } = encodeIntention(fields);
        for (let at = 0; at < body.length; at++) {
          const other = new Uint8Array(body);
          other[at]! ^= change;
          const intention = decodeIntention(other);
          if (typeof intention === "string") continue;
          expect(intention.id).not.toEqual(id);
          expect(encodeIntention(intention).body).toEqual(other);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("is whatever bytes decode, and they encode to themselves; nothing throws", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (noise, hasVersion) => {
        if (hasVersion && noise.length > 0) noise[0] = 1;
        const intention = decodeIntention(noise);
        if (typeof intention !== "string") expect(encodeIntention(intention).body).toEqual(noise);
      }),
      { numRuns: 500 },
    );
  });

  it("can lie anywhere in a larger buffer", () => {
    const { body, id } = encodeIntention(fc.sample(ordinary, { numRuns: 1, seed: 1 })[0]!);
    const large = new Uint8Array(body.length + 20).fill(0xee);
    large.set(body, 7);
    expect(decoded(large.subarray(7, 7 + body.length)).id).toEqual(id);
    expect(decoded(Buffer.from(large.buffer, 7, body.length)).id).toEqual(id);
  });

  it("has ids that sort by time", () => {
    const [early, late] = [1n, 0x1_0000_0000_0000n].map((time) => makeId(time, sha256(utf8(`${time}`))));
    expect(compareBytes(early!, late!)).toBeLessThan(0);
    expect(idTimestamp(late!)).toBe(0x1_0000_0000_0000n);
  });

  it.each<[string, Partial<IntentionFields>]>([
    [
      "condition-count",
      {
        condition: [...Array(CONDITION_COUNT_MAX + 1).keys()].map(
          (n) => new Uint8Array(ID_BYTES).fill(n) as IntentionId,
        ),
      },
    ],
    ["genesis-shape", { seq: 0 }],
    ["genesis-shape", { storeId: ZERO_STORE_ID }],
    ["genesis-shape", { storePrev: ZERO_ID }],
    [
      "genesis-shape",
      {
        seq: 0,
        storeId: ZERO_STORE_ID,
        storePrev: ZERO_ID,
        condition: [new Uint8Array(ID_BYTES) as IntentionId],
      },
    ],
    ["condition-order", { condition: [2, 1].map((n) => new Uint8Array(ID_BYTES).fill(n) as IntentionId) }],
    ["condition-order", { condition: [1, 1].map((n) => new Uint8Array(ID_BYTES).fill(n) as IntentionId) }],
    ["ops-size", { ops: new Uint8Array((1 << 20) + 1) }],
  ])("is refused for its %s", (reason, fields) => {
    const base = fc.sample(ordinary, { numRuns: 1, seed: 2 })[0]!;
    expect(decodeIntention(encodeIntention({ ...base, ...fields }).body)).toBe(reason);
  });

  it("may be as large as it may be", () => {
    const base = fc.sample(ordinary, { numRuns: 1, seed: 3 })[0]!;
    const ids = [...Array(CONDITION_COUNT_MAX).keys()].map(
      (n) => new Uint8Array(ID_BYTES).fill(n) as IntentionId,
    );
    const { body } = encodeIntention({ ...base, condition: ids, ops: new Uint8Array(1 << 20) });
    expect(body).toHaveLength(BODY_BYTES_MIN + CONDITION_COUNT_MAX * ID_BYTES + (1 << 20));
    expect(decoded(body).condition).toHaveLength(CONDITION_COUNT_MAX);
  });

  it("has the bytes that the specification gives", () => {
    const body = encodeIntention({
      storeId: new Uint8Array(16).fill(0xaa) as never,
      author: new Uint8Array(32).fill(0xbb) as never,
      seq: 0x0102,
      timestamp: 0x0304n as Hlc,
      storePrev: new Uint8Array(40).fill(0xcc) as never,
      condition: [new Uint8Array(40).fill(0xdd) as IntentionId],
      ops: Uint8Array.of(0xee),
    }).body;
    const hex = [
      "01",
      "aa".repeat(16),
      "bb".repeat(32),
      "0201000000000000",
      "0403000000000000",
      "cc".repeat(40),
      "01000000",
      "dd".repeat(40),
      "01000000",
      "ee",
    ];
    expect(toHex(body)).toBe(hex.join(""));
  });
});

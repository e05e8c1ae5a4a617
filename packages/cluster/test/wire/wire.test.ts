import { etcdserverpb, mvccpb } from "@lattice/etcd-proto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodePut, decodeRange } from "../../src/wire/decode-request.ts";
import { HeaderWriter } from "../../src/wire/header-writer.ts";
import { encodeRangeResponse } from "../../src/wire/range-response.ts";

const { PutRequest, RangeRequest, RangeResponse } = etcdserverpb;

const bytes = fc.uint8Array({ maxLength: 300 });
const int64 = fc.oneof(
  fc.constant(0n),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: 0n, max: 2n ** 20n }),
);
const put = fc.record({
  key: bytes,
  value: bytes,
  lease: int64,
  prevKv: fc.boolean(),
  ignoreValue: fc.boolean(),
  ignoreLease: fc.boolean(),
});
const range = fc.record({
  key: bytes,
  rangeEnd: bytes,
  limit: int64,
  revision: int64,
  sortOrder: fc.integer({ min: 0, max: 5 }),
  sortTarget: fc.integer({ min: 0, max: 5 }),
  serializable: fc.boolean(),
  keysOnly: fc.boolean(),
  countOnly: fc.boolean(),
  minModRevision: int64,
  maxModRevision: int64,
  minCreateRevision: int64,
  maxCreateRevision: int64,
});

function outcome<T extends object>(decode: () => T): unknown {
  try {
    return Object.fromEntries(
      Object.entries(decode()).map(([name, value]) => [
        name,
        value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value,
      ]),
    );
  } catch {
    return "refused";
  }
}

test("what is decoded by hand is what the generated code makes of it, whatever the bytes are", () => {
  const types = [
    { type: PutRequest, decode: decodePut, message: put },
    { type: RangeRequest, decode: decodeRange, message: range },
  ] as const;
  for (const { type, decode, message } of types) {
    const encoded = message.map((each) => type.toBinary(each as never));
    const changed = fc
      .tuple(
        encoded,
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 3 }),
        fc.nat({ max: 20 }),
      )
      .map(([whole, flips, cut]) => {
        const copy = Uint8Array.from(
          whole.subarray(0, Math.max(0, whole.length - (cut > 15 ? cut - 15 : 0))),
        );
        for (const [at, byte] of flips) if (copy.length > 0) copy[at % copy.length] = byte;
        return copy;
      });
    for (const arbitrary of [encoded, changed, bytes]) {
      fc.assert(
        fc.property(arbitrary, (one) => {
          expect(outcome(() => decode(one))).toEqual(outcome(() => type.fromBinary(one)));
        }),
        { numRuns: 500 },
      );
    }
  }
});

const number = fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: Number.MAX_SAFE_INTEGER }));

test("answers that are encoded by hand are what the generated code writes", () => {
  fc.assert(
    fc.property(
      fc.record({
        clusterId: fc.integer({ min: 1, max: 2 ** 48 - 1 }),
        memberId: fc.integer({ min: 1, max: 2 ** 48 - 1 }),
      }),
      fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 5 }),
      fc.array(bytes, { maxLength: 3 }),
      fc.boolean(),
      fc.nat(),
      (who, places, keys, more, count) => {
        const writer = new HeaderWriter(who);
        for (const [revision, term] of places) {
          const kvs = keys.map((key) => mvccpb.KeyValue.create({ key, value: key, version: 1n }));
          const result = {
            revision,
            keyValues: kvs.map((kv) => mvccpb.KeyValue.toBinary(kv)),
            more,
            count,
          };
          const whole = RangeResponse.create({
            header: writer.message(revision, term),
            kvs,
            more,
            count: BigInt(count),
          });
          const encoded = encodeRangeResponse(writer.field(revision, term), result);
          expect(Buffer.compare(encoded, RangeResponse.toBinary(whole))).toBe(0);
        }
      },
    ),
  );
});

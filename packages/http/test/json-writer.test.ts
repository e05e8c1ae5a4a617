import fc from "fast-check";
import { kvstoreV1 } from "@lattice/kvstore";
import { daemon } from "@lattice/proto";
import { expect, test } from "vitest";
import { toJson } from "../src/json-writer.ts";

const bytes = fc.uint8Array({ maxLength: 40 });

test("property: JSON is what protobuf-ts makes of a message, and gives the message again", () => {
  const status = fc.record({
    store: fc.option(fc.record({ id: bytes, name: fc.string(), problem: fc.string() }), { nil: undefined }),
    intentionCount: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    livePeers: fc.array(bytes),
    rejected: fc.dictionary(
      fc.string().filter((key) => key !== "__proto__"),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    ),
  });
  fc.assert(
    fc.property(status, (fields) => {
      const message = daemon.StoreStatus.create({
        ...fields,
        store: fields.store && daemon.Store.create(fields.store),
      });
      const json = toJson(daemon.StoreStatus, message);
      expect(json).toEqual(daemon.StoreStatus.toJson(message, { emitDefaultValues: true }));
      expect(daemon.StoreStatus.equals(daemon.StoreStatus.fromJson(json), message)).toBe(true);
    }),
  );
});

test("an absent value stays absent, an empty one is told", () => {
  expect(toJson(kvstoreV1.GetReply, kvstoreV1.GetReply.create({}))).toEqual({ conflicted: false });
  const empty = kvstoreV1.GetReply.create({ value: new Uint8Array(0) });
  expect(toJson(kvstoreV1.GetReply, empty)).toEqual({ value: "", conflicted: false });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HpackDecoder } from "../../packages/grpc-front/src/hpack/hpack-decoder.ts";
import { HpackError } from "../../packages/grpc-front/src/hpack/hpack-error.ts";
import { ErrorCode } from "../../packages/grpc-front/src/http2/error-code.ts";
import { call, CoreClient } from "../../packages/grpc-front/test/core-client.ts";
import { NaiveEncoder, type Choice } from "../../packages/grpc-front/test/naive-hpack.ts";
import {
  ACK,
  callHeaders,
  continuation,
  data,
  frame,
  headers,
  message,
  ping,
  PREFACE,
  reset,
  setting,
  Type,
  windowUpdate,
} from "../../packages/grpc-front/test/raw-frames.ts";
import { ECHO, stream, STREAM, unary } from "../../packages/grpc-front/test/suite/opened.ts";
import { fuzzRuns, mutateBytes } from "../../packages/testkit/src/mutate-bytes.ts";

const hello = Buffer.concat([
  PREFACE,
  frame(Type.SETTINGS, 0, 0, setting(4, 40)),
  frame(Type.SETTINGS, ACK, 0),
]);
const methods = {
  [STREAM]: stream(async (many) => {
    for await (const request of many.requests) if (!many.send(request)) await many.drained();
  }),
  "/test.Echo/Wait": unary(() => new Promise(() => {})),
};

/** Behind the hello, each about something else. */
const conversations: readonly (readonly Uint8Array[])[] = [
  [call(1), call(3), ping(), call(5, [], "/test.Nothing/Here")],
  [
    headers(1, callHeaders(STREAM)),
    data(1, message(Buffer.alloc(100))),
    data(1, message()),
    windowUpdate(1, 50),
    data(1, [], { isLast: true }),
  ],
  [
    headers(1, callHeaders(ECHO, { "grpc-timeout": "5S" }), { flags: 0 }),
    continuation(1, [["x", "y"]], { isLast: true }),
    data(1, message([1, 2, 3]), { isLast: true }),
  ],
  [
    call(1, [], "/test.Echo/Wait"),
    reset(1),
    windowUpdate(0, 100),
    frame(Type.SETTINGS, 0, 0, setting(1, 0)),
    call(3),
  ],
  [
    frame(Type.PRIORITY, 0, 3, Buffer.alloc(5)),
    frame(Type.HEADERS, 0x2c, 3, [2, 0, 0, 0, 0, 9, 0x83, 0, 0]),
    frame(Type.GOAWAY, 0, 0, Buffer.alloc(8)),
  ],
];
const samples = conversations.map((pieces) => Buffer.concat(pieces));

const streamId = fc.constantFrom(1, 1, 3, 3, 5, 7, 0, 2);
const path = fc.constantFrom(ECHO, STREAM, "/test.Echo/Wait", "/nothing/Here", "");
const payload = fc.constantFrom(
  message(),
  message([1, 2, 3]),
  message(Buffer.alloc(300)),
  message(Buffer.alloc(300)).subarray(0, 50),
  Buffer.alloc(7),
  Buffer.alloc(0),
);
const increment = fc.constantFrom(0, 1, 30, 1_000, 2 ** 31 - 1);
/** Such as a program with mistakes might send. */
const anyFrame: fc.Arbitrary<Buffer> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(streamId, path, fc.boolean())
      .map(([id, to, isLast]) => headers(id, callHeaders(to), { isLast })),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(streamId, payload, fc.boolean())
      .map(([id, bytes, isLast]) => data(id, bytes, { isLast })),
  },
  { weight: 2, arbitrary: fc.tuple(streamId, increment).map(([id, by]) => windowUpdate(id, by)) },
  { weight: 2, arbitrary: streamId.map((id) => reset(id)) },
  fc.tuple(streamId, fc.boolean()).map(([id, isLast]) => headers(id, [["x", "y"]], { isLast })),
  fc.tuple(streamId, path).map(([id, to]) => headers(id, callHeaders(to), { flags: 0 })),
  fc.tuple(streamId, fc.boolean()).map(([id, isLast]) => continuation(id, [["x", "y"]], { isLast })),
  fc
    .tuple(fc.constantFrom(1, 3, 4, 5, 9), fc.constantFrom(0, 1, 100, 20_000, 2 ** 31 - 1))
    .map(([id, value]) => frame(Type.SETTINGS, 0, 0, setting(id, value))),
  fc.constantFrom(
    ping(),
    frame(Type.PING, ACK, 0, Buffer.alloc(8)),
    frame(Type.GOAWAY, 0, 0, Buffer.alloc(8)),
    frame(0xbe, 0xff, 1),
  ),
  fc
    .tuple(fc.nat({ max: 10 }), fc.nat({ max: 255 }), streamId, fc.uint8Array({ maxLength: 12 }))
    .map(([type, flags, id, bytes]) => frame(type, flags, id, bytes)),
);

describe("a client of the gRPC front", () => {
  it("may send any bytes: what it gets are frames, and an error that the protocol has", () => {
    const chunks = fc.array(fc.nat({ max: 200 }), { maxLength: 6 });
    fc.assert(
      fc.property(
        mutateBytes(samples, { bytesMax: 4_096 }),
        chunks,
        fc.boolean(),
        (bytes, cuts, isPrefaced) => {
          const client = new CoreClient(methods);
          const all = isPrefaced ? Buffer.concat([hello, bytes]) : Buffer.from(bytes);
          let at = 0;
          for (const length of [...cuts, all.length]) {
            client.send(all.subarray(at, at + length));
            at += length;
            client.write();
            client.connection.look();
          }
          const { goodbye } = client;
          if (goodbye !== undefined) {
            expect(Object.values(ErrorCode)).toContain(goodbye);
            expect(goodbye).not.toBe(ErrorCode.INTERNAL_ERROR);
          }
          // Each message that waits counts as more than it is.
          expect(client.budget.bytes).toBeLessThanOrEqual(200_000);
          client.connection.drop();
          expect(client.budget.bytes).toBe(0);
          expect(client.connection.callCount).toBe(0);
        },
      ),
      fuzzRuns(3_000),
    );
  });

  it("may send any frames, in any order", () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 40 }), fc.boolean(), (frames, isWrittenBetween) => {
        const client = new CoreClient(methods);
        client.send(hello);
        let isOver = false;
        for (const bytes of frames) {
          client.send(bytes);
          if (isWrittenBetween) client.write();
          // Whatever was wrong, nothing is said after goodbye.
          if (isOver) expect(client.write()).toEqual([]);
          isOver = client.goodbye !== undefined;
        }
        if (client.goodbye !== undefined) expect(client.goodbye).not.toBe(ErrorCode.INTERNAL_ERROR);
        client.connection.drop();
        expect(client.budget.bytes).toBe(0);
      }),
      fuzzRuns(3_000),
    );
  });

  it("may send any header block: fields within the limits, or a declared error", () => {
    const choice = (pair: Choice["pair"], index: number): Choice => {
      const ways = ["kept", "indexed", "plain", "never"] as const;
      return { pair, way: ways[index % 4]!, huffman: index % 3 !== 0 };
    };
    const encoder = new NaiveEncoder();
    const pairs = callHeaders(ECHO, { authorization: "x".repeat(40), "grpc-timeout": "4989626u" });
    const blocks = [0, 1, 2].map((offset) =>
      encoder.encode(pairs.map((pair, index) => choice(pair, index + offset))),
    );
    fc.assert(
      fc.property(
        fc.array(mutateBytes([...blocks, encoder.resize(100)], { bytesMax: 2_000 }), { maxLength: 4 }),
        (all) => {
          const decoder = new HpackDecoder({ tableBytesMax: 4_096, listBytesMax: 1_000, fieldCountMax: 20 });
          try {
            for (const block of all) {
              const fields = decoder.decode(Buffer.from(block), 0, block.length) ?? [];
              const bytes = fields.reduce((sum, { name, value }) => sum + name.length + value.length + 32, 0);
              expect(bytes).toBeLessThanOrEqual(1_000);
              expect(fields.length).toBeLessThanOrEqual(20);
            }
          } catch (error) {
            expect(error).toBeInstanceOf(HpackError);
          }
        },
      ),
      fuzzRuns(5_000),
    );
  });
});

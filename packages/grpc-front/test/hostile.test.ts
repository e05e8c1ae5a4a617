/** Clients that want a server to work, to keep, or to wait, for nothing. */
import { describe, expect, it } from "vitest";
import { Allowance } from "../src/http2/allowance.ts";
import {
  CONNECTION_BYTES_MAX,
  CONTINUATION_COUNT_MAX,
  FAVOUR_COUNT_MAX,
  FAVOURS_PER_SECOND,
  HEADER_TIMEOUT_MS,
  HELLO_TIMEOUT_MS,
  PING_TIMEOUT_MS,
  RESET_MEMORY_COUNT,
  SILENCE_MS,
  STREAM_COUNT_MAX,
  STREAM_WINDOW_BYTES,
} from "../src/http2/limits.ts";
import { GrpcCode } from "../src/index.ts";
import { call, CoreClient } from "./core-client.ts";
import {
  ACK,
  block,
  callHeaders,
  Code,
  data,
  END_HEADERS,
  frame,
  headers,
  message,
  ping,
  PREFACE,
  reset,
  setting,
  Type,
  windowUpdate,
} from "./raw-frames.ts";
import { ECHO, stream, STREAM, unary } from "./suite/opened.ts";

const WAIT = "/test.Echo/Wait";
const never = () => new Promise<never>(() => {});
const waits = { [WAIT]: unary(never), [STREAM]: stream(never) };

/** How many times `bytes` are sent, each time with the server's answers taken, until it says goodbye; at most `countMax`. */
function repeatUntilGoodbye(
  client: CoreClient,
  bytes: (index: number) => Uint8Array,
  countMax: number,
): number {
  for (let count = 0; count < countMax; count++) {
    if (client.goodbye !== undefined) return count;
    client.frames.length = 0;
    client.send(bytes(count));
  }
  return countMax;
}

describe("what is asked for nothing is bounded", () => {
  const ENOUGH = FAVOUR_COUNT_MAX + 100;
  const floods: [string, (index: number) => Uint8Array][] = [
    ["PING", () => ping()],
    ["SETTINGS", () => frame(Type.SETTINGS, 0, 0, setting(4, 65_535))],
    ["PRIORITY", () => frame(Type.PRIORITY, 0, 1, Buffer.alloc(5))],
    ["unknown frames", () => frame(0xbe, 0, 0)],
    ["GOAWAY", () => frame(Type.GOAWAY, 0, 0, Buffer.alloc(8))],
    [
      "DATA without data",
      (index) => Buffer.concat([index === 0 ? headers(1, callHeaders(ECHO)) : data(1, [])]),
    ],
    [
      "padding without data",
      (index) => (index === 0 ? headers(1, callHeaders(ECHO)) : frame(Type.DATA, 8, 1, [3, 0, 0, 0])),
    ],
    [
      "calls that are cancelled",
      (index) => Buffer.concat([headers(2 * index + 1, callHeaders(WAIT)), reset(2 * index + 1)]),
    ],
    ["streams that are broken", (index) => headers(2 * index + 1, callHeaders(""))],
    [
      "streams that are made to break",
      (index) => Buffer.concat([headers(2 * index + 1, callHeaders(WAIT)), windowUpdate(2 * index + 1, 0)]),
    ],
    ["DATA of closed streams", (index) => (index === 0 ? call(1) : data(1, [1]))],
  ];

  it.each(floods)("%s", (_, bytes) => {
    const client = CoreClient.hello(waits);
    const count = repeatUntilGoodbye(client, bytes, ENOUGH);
    expect(client.goodbye).toBe(Code.ENHANCE_YOUR_CALM);
    expect(count).toBeGreaterThan(FAVOUR_COUNT_MAX - 10);
    expect(client.connection.isFinished).toBe(true);
    expect(client.budget.bytes).toBe(0);
  });

  it.each(floods.slice(0, 4))("%s at the pace of a second is fine", (_, bytes) => {
    const client = CoreClient.hello(waits);
    for (let second = 0; second < 30; second++) {
      const count = repeatUntilGoodbye(client, bytes, FAVOURS_PER_SECOND);
      expect(count).toBe(FAVOURS_PER_SECOND);
      client.nowMs += 1_000;
    }
  });

  it("who works may ask as often as it works, at any pace", () => {
    const client = CoreClient.hello();
    for (let index = 0; index < 5 * FAVOUR_COUNT_MAX; index++) {
      client.send(call(2 * index + 1), ping());
      client.write();
      client.frames.length = 0;
    }
    expect(client.goodbye).toBeUndefined();
  });

  it("an answer byte by byte, as the window is opened", () => {
    const client = CoreClient.hello({}, setting(4, 0));
    client.send(call(1, Buffer.alloc(10_000)));
    const count = repeatUntilGoodbye(client, () => windowUpdate(1, 1), FAVOUR_COUNT_MAX + 100);
    expect(client.goodbye).toBe(Code.ENHANCE_YOUR_CALM);
    expect(count).toBeLessThanOrEqual(FAVOUR_COUNT_MAX + 2);
    expect(client.answer(1).hasEnded).toBe(false);
  });

  it("calls at once", () => {
    const client = CoreClient.hello(waits);
    const ids = Array.from({ length: STREAM_COUNT_MAX + 5 }, (_, index) => 2 * index + 1);
    client.send(...ids.map((streamId) => call(streamId, [], WAIT)));
    client.write();
    expect(client.connection.callCount).toBe(STREAM_COUNT_MAX);
    for (const streamId of ids.slice(STREAM_COUNT_MAX))
      expect(client.answer(streamId).reset).toBe(Code.REFUSED_STREAM);
    // Those of the others end: there is room again.
    client.send(reset(1), call(99_999));
    expect(client.answer(99_999).trailers.get("grpc-status")).toBeUndefined();
  });

  it("handlers whose client has gone", () => {
    let running = 0;
    const client = CoreClient.hello({
      [WAIT]: unary(() => {
        running += 1;
        return never();
      }),
    });
    for (let index = 0; index < 2 * STREAM_COUNT_MAX; index++) {
      client.nowMs += 1_000 / FAVOURS_PER_SECOND;
      client.send(call(2 * index + 1, [], WAIT), reset(2 * index + 1));
      client.write();
      client.frames.length = 0;
    }
    expect(running).toBe(STREAM_COUNT_MAX);
    client.send(call(99_999));
    expect(client.answer(99_999).reset).toBe(Code.REFUSED_STREAM);
  });

  it("CONTINUATION without end", () => {
    for (const size of [0, 1, 16_000]) {
      const client = CoreClient.hello();
      client.send(frame(Type.HEADERS, 0, 1, block(callHeaders(ECHO))));
      const bytes = () => frame(Type.CONTINUATION, 0, 1, block([["x", "y".repeat(size)]]));
      const count = repeatUntilGoodbye(client, bytes, 100);
      expect(client.goodbye).toBe(Code.ENHANCE_YOUR_CALM);
      expect(count).toBeLessThanOrEqual(CONTINUATION_COUNT_MAX + 1);
    }
  });

  it("headers that say little and mean much", () => {
    const client = CoreClient.hello();
    const large = Buffer.concat([
      block(callHeaders(ECHO)),
      Buffer.from([0x40, 1, 0x78, 0x7f, 0xa1, 0x1e]),
      Buffer.alloc(4_000, 0x79),
    ]);
    client.send(frame(Type.HEADERS, END_HEADERS, 1, large), data(1, message(), { isLast: true }));
    expect(client.answer(1).trailers.get("grpc-status")).toBe("0");
    client.send(
      frame(
        Type.HEADERS,
        END_HEADERS,
        3,
        Buffer.concat([block(callHeaders(ECHO)), Buffer.alloc(10_000, 0xbe)]),
      ),
    );
    expect(client.answer(3).head.get(":status")).toBe("431");
    client.send(call(5));
    expect(client.answer(5).trailers.get("grpc-status")).toBe("0");
  });
});

it("an allowance gives so much at once, and so much a second", () => {
  const allowance = new Allowance({ countMax: 10, perSecond: 4, nowMs: 0 });
  const spent = (nowMs: number) => {
    for (let count = 0; ; count++) if (!allowance.spend(() => nowMs)) return count;
  };
  expect([spent(0), spent(0), spent(500), spent(500), spent(1_500), spent(60_000), spent(60_000)]).toEqual([
    10, 0, 2, 0, 4, 10, 0,
  ]);
  for (let count = 0; count < 20; count++) allowance.earn();
  expect(spent(60_000)).toBe(10);
});

describe("what is kept is bounded", () => {
  it("more than a stream's window", () => {
    const client = CoreClient.hello(waits);
    client.send(headers(1, callHeaders(STREAM)));
    const piece = message(Buffer.alloc(16_000));
    for (let bytes = 0; bytes < STREAM_WINDOW_BYTES; bytes += piece.length) {
      expect(client.answer(1).reset).toBeUndefined();
      client.send(data(1, piece));
    }
    expect(client.answer(1).reset).toBe(Code.FLOW_CONTROL_ERROR);
    expect(client.budget.bytes).toBe(0);
  });

  it("requests that never end, on many streams", () => {
    const client = CoreClient.hello();
    const piece = Buffer.concat([message(Buffer.alloc(2_000_000)).subarray(0, 5), Buffer.alloc(16_000)]);
    const ids = Array.from({ length: 4_000 }, (_, index) => 2 * index + 1);
    let mostBytes = 0;
    for (const streamId of ids) {
      client.send(
        headers(streamId, callHeaders(ECHO)),
        data(streamId, piece),
        data(streamId, Buffer.alloc(16_000)),
      );
      mostBytes = Math.max(mostBytes, client.budget.bytes);
    }
    expect(mostBytes).toBeLessThan(CONNECTION_BYTES_MAX + 100_000);
    const { trailers } = client.answer(ids.at(-1)!);
    expect(trailers.get("grpc-status")).toBe(`${GrpcCode.RESOURCE_EXHAUSTED}`);
    expect(trailers.get("grpc-message")).toContain("too many bytes");
    client.connection.drop();
    expect(client.budget.bytes).toBe(0);
  });

  it("requests that never end, on streams that were opened before", () => {
    const client = CoreClient.hello();
    const ids = Array.from({ length: 200 }, (_, index) => 2 * index + 1);
    client.send(...ids.map((streamId) => headers(streamId, callHeaders(ECHO))));
    const begin = message(Buffer.alloc(2_000_000)).subarray(0, 5);
    for (const streamId of ids) client.send(data(streamId, begin));
    const piece = Buffer.alloc(16_000);
    for (let round = 0; round < 60; round++) {
      for (const streamId of ids) client.send(data(streamId, piece));
      expect(client.budget.bytes).toBeLessThan(CONNECTION_BYTES_MAX + 3_000_000);
    }
    client.write();
    const refused = ids.filter((streamId) => client.answer(streamId).trailers.get("grpc-status") === "8");
    expect(refused.length).toBeGreaterThan(100);
    // Those that have been let in go on.
    expect(refused.length).toBeLessThan(200);
  });

  it("messages that are empty, and that nobody reads", () => {
    const client = CoreClient.hello(waits);
    client.send(headers(1, callHeaders(STREAM)));
    const empty = Buffer.concat(Array.from({ length: 3_000 }, () => message()));
    for (let count = 0; count < 130; count++) client.send(data(1, empty));
    expect(client.budget.bytes).toBeGreaterThan(40_000_000);
    client.send(reset(1));
    expect(client.budget.bytes).toBe(0);
  });

  it("answers that nobody takes", () => {
    const answer = Buffer.alloc(1 << 20);
    const client = CoreClient.hello({ "/test.Echo/Large": unary(() => answer) }, setting(4, 0));
    let streamId = 1;
    for (; client.budget.bytes <= CONNECTION_BYTES_MAX; streamId += 2)
      client.send(call(streamId, [], "/test.Echo/Large"));
    client.send(call(streamId, [], "/test.Echo/Large"));
    expect(client.answer(streamId).trailers.get("grpc-status")).toBe(`${GrpcCode.RESOURCE_EXHAUSTED}`);
    // When it takes them, all is well again.
    client.send(windowUpdate(0, 1 << 30), frame(Type.SETTINGS, 0, 0, setting(4, 2 << 20)));
    expect(client.answer(streamId - 2).messages.map(({ length }) => length)).toEqual([1 << 20]);
    expect(client.budget.bytes).toBe(0);
    client.send(call(streamId + 2, [], "/test.Echo/Large"));
    expect(client.answer(streamId + 2).trailers.get("grpc-status")).toBe("0");
  });

  it("messages of a handler that does not care whether they are taken", async () => {
    const sent = Buffer.alloc(1 << 20);
    let sentCount = 0;
    const client = CoreClient.hello({
      "/test.Echo/Flood": stream(async (flood) => {
        for (; sentCount < 1_000 && !flood.signal.aborted; sentCount++) flood.send(sent);
      }),
    });
    client.send(headers(1, callHeaders("/test.Echo/Flood"), { isLast: true }));
    expect(client.goodbye).toBe(Code.ENHANCE_YOUR_CALM);
    expect(sentCount).toBeLessThan(300);
    expect(client.budget.bytes).toBe(0);
  });
});

describe("nobody is waited for without end", () => {
  it("who says nothing, or half of hello", () => {
    for (const bytes of [
      Buffer.alloc(0),
      PREFACE,
      Buffer.concat([PREFACE, frame(Type.SETTINGS, 0, 0, setting(1, 1)).subarray(0, 12)]),
    ]) {
      const client = new CoreClient();
      client.send(bytes);
      expect(client.connection.look()).toBe(true);
      client.nowMs += HELLO_TIMEOUT_MS + 1;
      expect(client.connection.look()).toBe(false);
    }
  });

  it("who does not end its headers", () => {
    const client = CoreClient.hello();
    client.send(frame(Type.HEADERS, 0, 1, block(callHeaders(ECHO))));
    client.nowMs += HEADER_TIMEOUT_MS;
    expect(client.connection.look()).toBe(true);
    client.nowMs += 1;
    expect(client.connection.look()).toBe(false);
  });

  it("who is silent is asked, and stays if it answers", () => {
    const client = CoreClient.hello();
    client.connection.look();
    for (let round = 0; round < 3; round++) {
      client.nowMs += SILENCE_MS;
      expect(client.connection.look()).toBe(true);
      const [asked] = client.write();
      expect(asked).toMatchObject({ type: Type.PING, flags: 0 });
      client.nowMs += PING_TIMEOUT_MS;
      expect(client.connection.look()).toBe(true);
      client.send(frame(Type.PING, ACK, 0, asked!.payload));
      expect(client.connection.look()).toBe(true);
    }
  });

  it("who is silent then as well is gone; half a frame is no word", () => {
    const client = CoreClient.hello();
    client.connection.look();
    client.nowMs += SILENCE_MS;
    client.connection.look();
    client.send(call(1).subarray(0, 30));
    client.nowMs += PING_TIMEOUT_MS + 1;
    expect(client.connection.look()).toBe(false);
  });
});

describe("streams that are closed", () => {
  it("by both sides, take nothing more", () => {
    const client = CoreClient.hello();
    client.send(call(1));
    client.write();
    client.send(windowUpdate(1, 1), reset(1), data(1, [1]));
    expect(client.answer(1).reset).toBe(Code.STREAM_CLOSED);
    client.send(headers(1, callHeaders(ECHO), { isLast: true }));
    expect(client.goodbye).toBe(Code.STREAM_CLOSED);
  });

  it("by the server while their client was sending, take what was on its way", () => {
    const client = CoreClient.hello();
    client.send(headers(1, callHeaders("")), data(1, [1]), data(1, [2]));
    client.write();
    client.send(data(1, [3]), windowUpdate(1, 1), headers(1, [["x", "y"]], { isLast: true }), call(3));
    expect(client.answer(1).reset).toBe(Code.PROTOCOL_ERROR);
    expect(client.frames.filter(({ type }) => type === Type.RST_STREAM).length).toBe(1);
    expect(client.answer(3).trailers.get("grpc-status")).toBe("0");
    client.send(data(1, [4]));
    client.write();
    expect(client.frames.filter(({ type }) => type === Type.RST_STREAM).length).toBe(2);
  });
});

it("streams that were reset are remembered, not all of them for ever", () => {
  const client = CoreClient.hello();
  const ids = Array.from({ length: RESET_MEMORY_COUNT + 1 }, (_, index) => 2 * index + 1);
  client.send(...ids.map((streamId) => headers(streamId, callHeaders(""))));
  client.write();
  client.frames.length = 0;
  client.send(data(1, [1]), data(3, [1]));
  expect(client.write().map(({ type, streamId }) => [type, streamId])).toEqual([[Type.RST_STREAM, 1]]);
});

it("an answer to a PING that was not sent is passed over", () => {
  const client = CoreClient.hello();
  client.send(frame(Type.PING, ACK, 0, Buffer.alloc(8)), call(1));
  expect(client.answer(1).trailers.get("grpc-status")).toBe("0");
});

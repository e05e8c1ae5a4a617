import { describe, expect, it } from "vitest";
import { FrameWriter } from "../src/http2/frame-writer.ts";
import { GOAWAY_WAIT_MS, WRITE_BYTES_MAX } from "../src/http2/limits.ts";
import { GrpcCode, type StreamCall } from "../src/index.ts";
import { call, CoreClient } from "./core-client.ts";
import {
  ACK,
  callHeaders,
  Code,
  data,
  frame,
  headers,
  message,
  reset,
  setting,
  Type,
  uint32,
  windowUpdate,
} from "./raw-frames.ts";
import { ECHO, stream, unary } from "./suite/opened.ts";

const WAIT = "/test.Echo/Wait";
const sendAndWait = async (sender: StreamCall) => {
  sender.send(Buffer.alloc(100));
  await new Promise(() => {});
};
const goAways = (client: CoreClient) =>
  client.frames.filter(({ type }) => type === Type.GOAWAY).map(({ payload }) => payload.readUInt32BE(0));

describe("what is written", () => {
  it("in one turn is one piece", () => {
    const client = CoreClient.hello();
    client.send(...Array.from({ length: 200 }, (_, index) => call(2 * index + 1)));
    client.writeOnce();
    expect(client.pieces).toBe(1);
    expect(client.connection.hasOutput).toBe(false);
    expect(client.frames.filter(({ type }) => type === Type.DATA).length).toBe(200);
  });

  it("of a usual answer is a few bytes on top of its message", () => {
    const client = CoreClient.hello();
    client.send(call(1), call(3));
    client.write();
    const frames = client.frames.filter(({ streamId }) => streamId === 3);
    expect(frames.map(({ type, payload }) => [type, payload.length])).toEqual([
      [Type.HEADERS, 2],
      [Type.DATA, 7],
      [Type.HEADERS, 1],
    ]);
  });

  it("is some at a time, and each call has its turn", () => {
    const large = Buffer.alloc(4 << 20);
    const client = CoreClient.hello({ "/test.Echo/Large": unary(() => large) }, setting(4, 8 << 20));
    client.send(windowUpdate(0, 1 << 30));
    client.send(call(1, [], "/test.Echo/Large"), call(3, [], "/test.Echo/Large"), call(5));
    client.writeOnce();
    expect(client.connection.hasOutput).toBe(true);
    const bytes = (streamId: number) =>
      client.frames
        .filter((each) => each.streamId === streamId)
        .reduce((sum, { payload }) => sum + payload.length, 0);
    expect(bytes(1)).toBeGreaterThan(60_000);
    expect(bytes(3)).toBeGreaterThan(60_000);
    expect(bytes(1) + bytes(3)).toBeLessThan(WRITE_BYTES_MAX + 20_000);
    expect(
      client.frames.some(({ streamId, flags, type }) => streamId === 5 && type === Type.HEADERS && flags & 1),
    ).toBe(true);
    client.writeOnce();
    expect(Math.abs(bytes(1) - bytes(3))).toBeLessThan(70_000);
    for (const streamId of [1, 3]) expect(client.answer(streamId).messages[0]!.length).toBe(large.length);
  });

  it("keeps to the client's table of headers, of any size", () => {
    for (const size of [0, 50, 4_096, 1 << 20]) {
      const client = CoreClient.hello({}, setting(1, size));
      for (let index = 0; index < 5; index++) {
        client.send(
          call(4 * index + 1),
          headers(4 * index + 3, callHeaders("/nothing/Here"), { isLast: true }),
        );
        expect(client.answer(4 * index + 1).trailers.get("grpc-status")).toBe("0");
        expect(client.answer(4 * index + 3).trailers.get("grpc-message")).toBe("unknown service nothing");
        client.send(frame(Type.SETTINGS, 0, 0, setting(1, (size + 977 * index) % 5_000)));
      }
    }
  });

  it("begins with the table's size when that has changed, though all was said before", () => {
    const client = CoreClient.hello();
    client.send(call(1), call(3));
    client.write();
    client.send(frame(Type.SETTINGS, 0, 0, setting(1, 0)), call(5), call(7));
    client.write();
    const blocks = (streamId: number) =>
      client.frames
        .filter((each) => each.streamId === streamId && each.type === Type.HEADERS)
        .map(({ payload }) => payload[0]);
    expect(blocks(5)).toEqual([0x20, expect.any(Number)]);
    expect(blocks(7)[0]).toBe(0x88);
    for (const streamId of [1, 3, 5, 7])
      expect(client.answer(streamId).trailers.get("grpc-status")).toBe("0");
  });

  it("is as large as the client's frames may be", () => {
    const client = CoreClient.hello({}, Buffer.concat([setting(5, 40_000), setting(4, 1 << 20)]));
    client.send(windowUpdate(0, 1 << 20));
    client.send(headers(1, callHeaders(ECHO)));
    const request = message(Buffer.alloc(100_000));
    for (let at = 0; at < request.length; at += 16_384)
      client.send(data(1, request.subarray(at, at + 16_384)));
    client.send(data(1, [], { isLast: true }));
    client.write();
    const sizes = client.frames.filter(({ type }) => type === Type.DATA).map(({ payload }) => payload.length);
    expect(sizes).toEqual([40_000, 40_000, 20_005]);
  });
});

it("a call that is over leaves no timer", async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const before = timers();
  const client = CoreClient.hello({ [WAIT]: unary(async (request) => request) });
  const hasDeadline = callHeaders(WAIT, { "grpc-timeout": "1H" });
  for (const streamId of [1, 3, 5]) client.send(headers(streamId, hasDeadline));
  expect(timers()).toBe(before + 3);
  client.send(data(1, message(), { isLast: true }), reset(3), headers(5, [["x", "y"]], { isLast: true }));
  await Promise.resolve();
  expect(client.answer(1).trailers.get("grpc-status")).toBe("0");
  expect(client.answer(5).trailers.get("grpc-status")).toBe("13");
  expect(timers()).toBe(before);
});

describe("a call that is cut off", () => {
  it("loses what was not sent, and its status comes at once", async () => {
    const client = CoreClient.hello({ "/test.Echo/Many": stream(sendAndWait) }, setting(4, 0));
    client.send(headers(1, callHeaders("/test.Echo/Many")));
    expect(client.answer(1).head.get(":status")).toBe("200");
    client.connection.cut({ code: GrpcCode.DEADLINE_EXCEEDED, message: "late" });
    expect(client.answer(1)).toMatchObject({ hasEnded: true, messages: [] });
    expect(client.answer(1).trailers.get("grpc-status")).toBe("4");
  });

  it("in the middle of a message cannot end but by a reset", () => {
    const client = CoreClient.hello({}, setting(4, 10));
    client.send(call(1, Buffer.alloc(100)));
    expect(client.answer(1)).toMatchObject({ messages: [], reset: undefined });
    client.connection.cut({ code: GrpcCode.DEADLINE_EXCEEDED, message: "late" });
    // Its handler was done: there is nothing left to cut.
    expect(client.answer(1).reset).toBeUndefined();
    const cut = CoreClient.hello({ "/test.Echo/Send": stream(sendAndWait) }, setting(4, 10));
    cut.send(headers(1, callHeaders("/test.Echo/Send")));
    cut.write();
    cut.connection.cut({ code: GrpcCode.DEADLINE_EXCEEDED, message: "late" });
    expect(cut.answer(1)).toMatchObject({ hasEnded: false, reset: Code.CANCEL });
    expect(cut.budget.bytes).toBe(0);
  });
});

describe("somebody who does not speak HTTP/2", () => {
  const said = (client: CoreClient) => {
    const writer = new FrameWriter();
    client.connection.write(writer);
    return Buffer.concat(writer.take()).toString("latin1");
  };

  it("and speaks HTTP/1.1 is told so in it", () => {
    const client = new CoreClient();
    client.send(Buffer.from("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    expect(said(client)).toMatch(/^HTTP\/1\.1 505 .*\r\n[\s\S]*\r\n\r\nThis is a gRPC server: .*\n$/u);
    expect(client.connection.isFinished).toBe(true);
  });

  it("is told nothing otherwise", () => {
    for (const bytes of ["\u0016\u0003\u0001 hello", "PRI * HTTP/2.0\r\n\r\nXX", "GET /", "\n"]) {
      const client = new CoreClient();
      client.send(Buffer.from(bytes, "latin1"));
      expect(said(client)).toBe("");
      expect(client.connection.isFinished).toBe(true);
    }
  });
});

describe("leaving", () => {
  const go = Promise.withResolvers<Uint8Array>();
  const methods = { [WAIT]: unary(() => go.promise) };

  it("tells so, takes what was on its way, then tells the last, and ends with it", async () => {
    const client = CoreClient.hello(methods);
    client.send(call(1, [], WAIT));
    client.connection.leave();
    client.connection.leave();
    client.write();
    expect(goAways(client)).toEqual([2 ** 31 - 1]);
    const asked = client.frames.find(({ type }) => type === Type.PING)!;
    client.send(call(3, [], WAIT), frame(Type.PING, ACK, 0, asked.payload));
    client.write();
    client.nowMs += GOAWAY_WAIT_MS + 1;
    client.connection.look();
    client.write();
    expect(goAways(client)).toEqual([2 ** 31 - 1, 3]);
    // What comes now comes from somebody who knew.
    client.send(
      headers(5, callHeaders(ECHO)),
      data(5, message(), { isLast: true }),
      headers(7, callHeaders(ECHO), { isLast: true }),
    );
    client.write();
    expect(client.frames.some(({ streamId }) => streamId > 3)).toBe(false);
    expect(client.connection.isFinished).toBe(false);
    go.resolve(Buffer.from("done"));
    await go.promise;
    expect(client.answer(1).messages.map(String)).toEqual(["done"]);
    expect(client.answer(3).messages.map(String)).toEqual(["done"]);
    expect(client.connection.isFinished).toBe(true);
    expect(goAways(client).length).toBe(2);
  });

  it("does not wait for ever for the client to have heard it", () => {
    const client = CoreClient.hello();
    client.connection.leave();
    client.nowMs += GOAWAY_WAIT_MS + 1;
    client.connection.look();
    client.write();
    expect(goAways(client)).toEqual([2 ** 31 - 1, 0]);
    expect(client.connection.isFinished).toBe(true);
  });

  it("of the client ends the connection with its last call", async () => {
    const client = CoreClient.hello(methods);
    client.send(call(1, [], WAIT), frame(Type.GOAWAY, 0, 0, [...uint32(0), ...uint32(0)]));
    expect(client.connection.isFinished).toBe(false);
    await go.promise;
    client.write();
    expect(client.answer(1).trailers.get("grpc-status")).toBe("0");
    expect(client.connection.isFinished).toBe(true);
    expect(client.goodbye).toBeUndefined();
  });

  it("after an error nothing is read and nobody answered", () => {
    const client = CoreClient.hello(methods);
    client.send(call(1), frame(Type.PING, 0, 1, Buffer.alloc(8)), call(3));
    client.send(call(5));
    expect(client.goodbye).toBe(Code.PROTOCOL_ERROR);
    expect(client.answer(1).hasEnded || client.answer(3).hasEnded || client.answer(5).hasEnded).toBe(false);
  });
});

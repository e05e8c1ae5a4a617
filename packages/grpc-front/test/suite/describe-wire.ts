import { describe, expect, it } from "vitest";
import { GrpcCode, type OpenFront } from "../../src/index.ts";
import { RawClient } from "../raw-client.ts";
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
  PADDED,
  ping,
  PREFACE,
  reset,
  setting,
  Type,
  uint32,
  windowUpdate,
  WITH_PRIORITY,
} from "../raw-frames.ts";
import { ECHO, opened, STREAM, stream, unary } from "./opened.ts";

const OK = "0";
const call = (streamId: number, payload = "hi"): Buffer =>
  Buffer.concat([
    headers(streamId, callHeaders(ECHO)),
    data(streamId, message(Buffer.from(payload)), { isLast: true }),
  ]);

/** nghttp2, which is below node:http2, takes some liberties that the RFC allows, and some that it does not. */
export interface WireOptions {
  readonly isStrict: boolean;
}

interface Case {
  readonly name: string;
  readonly bytes: readonly Uint8Array[];
  readonly code: number;
  readonly or?: readonly number[];
  /** Not asked of others. */
  readonly isStrict?: boolean;
}

export function describeWire(open: OpenFront, { isStrict }: WireOptions): void {
  const isAsked = (each: Case) => isStrict || each.isStrict !== true;

  describe("on the wire", () => {
    it("a message may be cut anywhere", async () => {
      await using front = await opened(open);
      await using client = await RawClient.hello(front.port);
      const bytes = message(Buffer.from("0123456789"));
      let streamId = 1;
      for (let cut = 0; cut <= bytes.length; cut++) {
        client.send(headers(streamId, callHeaders(ECHO)), data(streamId, bytes.subarray(0, cut)));
        client.send(data(streamId, bytes.subarray(cut), { isLast: true }));
        expect((await client.answer(streamId)).messages.map(String)).toEqual(["0123456789"]);
        streamId += 2;
      }
      client.send(headers(streamId, callHeaders(ECHO)));
      for (const byte of bytes) client.send(data(streamId, [byte]), data(streamId, []));
      client.send(data(streamId, [], { isLast: true }));
      expect((await client.answer(streamId)).messages.map(String)).toEqual(["0123456789"]);
    });

    it("frames may be cut anywhere", async () => {
      await using front = await opened(open);
      await using client = await RawClient.connect(front.port);
      const bytes = Buffer.concat([PREFACE, frame(Type.SETTINGS, 0, 0), call(1)]);
      for (const byte of bytes) {
        client.send(Uint8Array.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect((await client.answer(1)).messages.map(String)).toEqual(["hi"]);
    });

    it("several messages may share a frame", async () => {
      await using front = await opened(open);
      await using client = await RawClient.hello(front.port);
      const bytes = Buffer.concat(["a", "", "bcd", ""].map((text) => message(Buffer.from(text))));
      client.send(headers(1, callHeaders(STREAM)), data(1, bytes.subarray(0, 13)));
      client.send(data(1, bytes.subarray(13), { isLast: true }));
      const { messages, trailers } = await client.answer(1);
      expect(messages.map(String)).toEqual(["a", "", "bcd", ""]);
      expect(trailers.get("grpc-status")).toBe(OK);
    });

    it("padding, priorities, trailers, unknown frames, flags and settings are passed over", async () => {
      await using front = await opened(open);
      await using client = await RawClient.hello(front.port, setting(0xbeef, 1));
      const priority = [...uint32(0), 200];
      client.send(frame(Type.PRIORITY, 0, 3, priority), frame(0xbe, 0xff, 0, Buffer.from("anything")));
      client.send(
        headers(1, callHeaders(ECHO), {
          flags: END_HEADERS | PADDED | WITH_PRIORITY,
          before: [7, ...priority],
          after: Buffer.alloc(7),
        }),
      );
      const padded = Buffer.concat([Uint8Array.of(250), message(Buffer.from("padded")), Buffer.alloc(250)]);
      client.send(frame(Type.DATA, PADDED | 0xf6, 1, padded), frame(0xbf, 0, 1, Buffer.alloc(100)));
      client.send(headers(1, [["x-checksum", "1"]], { isLast: true }));
      expect((await client.answer(1)).messages.map(String)).toEqual(["padded"]);
    });

    it("pings and settings are answered", async () => {
      await using front = await opened(open);
      await using client = await RawClient.hello(front.port);
      client.send(ping("pingpong"));
      const pong = await client.frame(Type.PING);
      expect(pong).toMatchObject({ flags: ACK, payload: Buffer.from("pingpong") });
      client.send(frame(Type.SETTINGS, 0, 0, setting(4, 70_000)), call(1));
      await client.answer(1);
      expect(client.frames.filter(({ type, flags }) => type === Type.SETTINGS && flags === ACK).length).toBe(
        2,
      );
    });

    it("a request is one message, whole and plain", async () => {
      await using front = await opened(open);
      await using client = await RawClient.hello(front.port);
      const requests: [Uint8Array, string][] = [
        [Buffer.alloc(0), "cardinality violation: received no request message from non-client-streaming RPC"],
        [
          Buffer.concat([message(), message()]),
          "cardinality violation: received multiple request messages for non-client-streaming RPC",
        ],
        [message(Buffer.alloc(9)).subarray(0, 8), "unexpected EOF"],
        [Buffer.alloc(3), "unexpected EOF"],
        [message([], 1), "grpc: compressed flag set with identity or empty encoding"],
        [message([], 2), "grpc: received unexpected payload format 2"],
      ];
      let streamId = 1;
      for (const [bytes, text] of requests) {
        client.send(headers(streamId, callHeaders(ECHO)), data(streamId, bytes, { isLast: true }));
        const { trailers } = await client.answer(streamId);
        expect(trailers.get("grpc-status")).toBe(`${GrpcCode.INTERNAL}`);
        expect(trailers.get("grpc-message")).toBe(text);
        streamId += 2;
      }
      // Without a frame for its data.
      client.send(headers(streamId, callHeaders(ECHO), { isLast: true }));
      expect((await client.answer(streamId)).trailers.get("grpc-status")).toBe(`${GrpcCode.INTERNAL}`);
    });

    it("who is answered before it has ended is told to stop", async () => {
      await using front = await opened(open);
      await using client = await RawClient.hello(front.port);
      client.send(headers(1, callHeaders("/test.Nothing/Echo")));
      const { trailers, hasEnded } = await client.answer(1);
      expect({ code: trailers.get("grpc-status"), hasEnded }).toEqual({ code: "12", hasEnded: true });
      expect(await client.frame(Type.RST_STREAM)).toMatchObject({
        streamId: 1,
        payload: uint32(Code.NO_ERROR),
      });
      // What was on the way already is passed over.
      client.send(data(1, Buffer.alloc(1_000)), data(1, [], { isLast: true }), call(3));
      expect((await client.answer(3)).trailers.get("grpc-status")).toBe(OK);
    });

    it("CANCEL may come at any time", async () => {
      await using front = await opened(open, { "/test.Echo/Wait": unary(() => new Promise(() => {})) });
      await using client = await RawClient.hello(front.port);
      client.send(headers(1, callHeaders(ECHO)), reset(1), reset(1), windowUpdate(1, 5));
      client.send(headers(3, callHeaders("/test.Echo/Wait")), data(3, message(), { isLast: true }), reset(3));
      client.send(call(5));
      await client.answer(5);
      client.send(reset(5), windowUpdate(5, 5), call(7));
      expect((await client.answer(7)).trailers.get("grpc-status")).toBe(OK);
      expect(client.soFar(1).head.size + client.soFar(3).head.size).toBe(0);
    });
  });

  describe("flow control", () => {
    it("is kept to, stream by stream and for all together", async () => {
      await using front = await opened(open);
      await using client = await RawClient.hello(front.port, setting(4, 10));
      const sent = (streamId: number) =>
        client.frames
          .filter((each) => each.type === Type.DATA && each.streamId === streamId)
          .reduce((sum, { payload }) => sum + payload.length, 0);
      client.send(call(1, "0123456789".repeat(3)));
      await client.until(() => sent(1) === 10);
      // One byte at a time, through the frame of the message and on.
      for (let bytes = 11; bytes <= 20; bytes++) {
        client.send(windowUpdate(1, 1));
        await client.until(() => sent(1) === bytes);
      }
      // Larger for all streams: also for this one.
      client.send(frame(Type.SETTINGS, 0, 0, setting(4, 25)));
      await client.until(() => sent(1) === 35);
      // Node's trailers want a window as well, though they need none.
      if (!isStrict) client.send(windowUpdate(1, 1));
      expect((await client.answer(1)).messages.map(String)).toEqual(["0123456789".repeat(3)]);
      // Smaller: below nothing, until as much is given again (RFC 9113 §6.9.2).
      client.send(call(3, "x".repeat(95)));
      await client.until(() => sent(3) === 25);
      client.send(frame(Type.SETTINGS, 0, 0, setting(4, 5)), windowUpdate(3, 20), ping());
      await client.frame(Type.PING);
      expect(sent(3)).toBe(25);
      client.send(windowUpdate(3, isStrict ? 75 : 76));
      expect((await client.answer(3)).messages.map(String)).toEqual(["x".repeat(95)]);
    });

    it("of the connection: what has no data goes on", async () => {
      await using front = await opened(open, {
        "/test.Echo/Large": unary(() => Buffer.alloc(100_000)),
        "/test.Echo/Many": stream(async (many) => {
          for (let count = 0; count < 20; count++) many.send(Buffer.alloc(10_000));
        }),
      });
      await using client = await RawClient.hello(front.port, setting(4, 1 << 20));
      const sent = () =>
        client.frames
          .filter(({ type }) => type === Type.DATA)
          .reduce((sum, { payload }) => sum + payload.length, 0);
      client.send(headers(1, callHeaders("/test.Echo/Large")), data(1, message(), { isLast: true }));
      client.send(headers(3, callHeaders("/test.Echo/Many")), data(3, message(), { isLast: true }));
      await client.until(() => sent() === 65_535);
      client.send(headers(5, callHeaders("/test.Nothing/Echo"), { isLast: true }));
      expect((await client.answer(5)).trailers.get("grpc-status")).toBe("12");
      client.send(windowUpdate(0, 1 << 20));
      expect((await client.answer(1)).messages.map(({ length }) => length)).toEqual([100_000]);
      expect((await client.answer(3)).messages.length).toBe(20);
    });

    it("gives room for as much as comes, again and again", async () => {
      const reads = stream(async (many) => {
        let bytes = 0;
        for await (const request of many.requests) bytes += request.length;
        many.send(Buffer.from(`${bytes}`));
      });
      await using front = await opened(open, { "/test.Echo/Read": reads });
      await using client = await RawClient.hello(front.port);
      const room = (streamId: number) =>
        client.frames
          .filter((each) => each.type === Type.WINDOW_UPDATE && each.streamId === streamId)
          .reduce((sum, { payload }) => sum + payload.readUInt32BE(), 0);
      const settings = client.frames.find(
        ({ type, flags }) => type === Type.SETTINGS && flags !== ACK,
      )!.payload;
      let ofStream = 65_535;
      for (let at = 0; at < settings.length; at += 6) {
        if (settings.readUInt16BE(at) === 4) ofStream = settings.readUInt32BE(at + 2);
      }
      client.send(headers(1, callHeaders("/test.Echo/Read")));
      const payload = message(Buffer.alloc(16_000));
      let bytes = 0;
      for (let count = 0; count < 1_500; count++) {
        bytes += payload.length;
        await client.until(() => room(0) + 65_535 >= bytes && room(1) + ofStream >= bytes);
        client.send(data(1, payload));
      }
      client.send(data(1, [], { isLast: true }));
      expect((await client.answer(1)).messages.map(String)).toEqual(["24000000"]);
    });
  });

  describe("what breaks the protocol ends the connection", () => {
    const opening = headers(1, callHeaders(STREAM));
    const part = block(callHeaders(ECHO)).subarray(0, 5);
    const cases: Case[] = [
      {
        name: "a frame that is too large",
        bytes: [frame(Type.DATA, 0, 1, Buffer.alloc(16_385))],
        code: Code.FRAME_SIZE_ERROR,
      },
      { name: "DATA of the connection", bytes: [data(0, [1])], code: Code.PROTOCOL_ERROR },
      {
        name: "DATA of no stream",
        bytes: [data(1, [1])],
        code: Code.PROTOCOL_ERROR,
        or: [Code.STREAM_CLOSED],
      },
      {
        name: "padding that is longer than its frame",
        bytes: [opening, frame(Type.DATA, PADDED, 1, [5, 0])],
        code: Code.PROTOCOL_ERROR,
      },
      {
        name: "padding without its length",
        bytes: [opening, frame(Type.DATA, PADDED, 1)],
        code: Code.FRAME_SIZE_ERROR,
        or: [Code.PROTOCOL_ERROR],
      },
      {
        name: "headers of the connection",
        bytes: [headers(0, callHeaders(ECHO))],
        code: Code.PROTOCOL_ERROR,
      },
      {
        name: "headers of a server's stream",
        bytes: [headers(2, callHeaders(ECHO))],
        code: Code.PROTOCOL_ERROR,
      },
      {
        name: "headers of a stream that is passed over",
        isStrict: true,
        bytes: [headers(5, callHeaders(STREAM)), headers(3, callHeaders(ECHO))],
        code: Code.PROTOCOL_ERROR,
        or: [Code.STREAM_CLOSED],
      },
      {
        name: "headers that are no block",
        bytes: [frame(Type.HEADERS, END_HEADERS, 1, [0x80])],
        code: Code.COMPRESSION_ERROR,
      },
      {
        name: "headers that are shorter than their priority",
        bytes: [frame(Type.HEADERS, END_HEADERS | WITH_PRIORITY, 1, [0, 0, 0])],
        code: Code.FRAME_SIZE_ERROR,
        or: [Code.PROTOCOL_ERROR],
      },
      {
        name: "headers that are not continued",
        bytes: [frame(Type.HEADERS, 0, 1, part), ping()],
        code: Code.PROTOCOL_ERROR,
      },
      {
        name: "headers that are continued by another stream",
        bytes: [frame(Type.HEADERS, 0, 1, part), frame(Type.CONTINUATION, END_HEADERS, 3, part)],
        code: Code.PROTOCOL_ERROR,
      },
      {
        name: "an unknown frame among headers",
        bytes: [frame(Type.HEADERS, 0, 1, part), frame(0xbe, 0, 1)],
        code: Code.PROTOCOL_ERROR,
      },
      {
        name: "CONTINUATION of nothing",
        bytes: [frame(Type.CONTINUATION, END_HEADERS, 1, part)],
        code: Code.PROTOCOL_ERROR,
      },
      {
        name: "PRIORITY of the connection",
        isStrict: true,
        bytes: [frame(Type.PRIORITY, 0, 0, Buffer.alloc(5))],
        code: Code.PROTOCOL_ERROR,
      },
      {
        name: "PRIORITY of another length",
        bytes: [opening, frame(Type.PRIORITY, 0, 1, Buffer.alloc(4))],
        code: Code.FRAME_SIZE_ERROR,
      },
      { name: "RST_STREAM of the connection", bytes: [reset(0)], code: Code.PROTOCOL_ERROR },
      { name: "RST_STREAM of no stream", bytes: [reset(1)], code: Code.PROTOCOL_ERROR },
      {
        name: "RST_STREAM of another length",
        bytes: [opening, frame(Type.RST_STREAM, 0, 1, Buffer.alloc(3))],
        code: Code.FRAME_SIZE_ERROR,
      },
      { name: "SETTINGS of a stream", bytes: [frame(Type.SETTINGS, 0, 1)], code: Code.PROTOCOL_ERROR },
      {
        name: "SETTINGS of another length",
        bytes: [frame(Type.SETTINGS, 0, 0, Buffer.alloc(5))],
        code: Code.FRAME_SIZE_ERROR,
      },
      {
        name: "SETTINGS with ACK and more",
        bytes: [frame(Type.SETTINGS, ACK, 0, setting(4, 1))],
        code: Code.FRAME_SIZE_ERROR,
      },
      {
        name: "ENABLE_PUSH of 2",
        bytes: [frame(Type.SETTINGS, 0, 0, setting(2, 2))],
        code: Code.PROTOCOL_ERROR,
      },
      {
        name: "INITIAL_WINDOW_SIZE of 2^31",
        bytes: [frame(Type.SETTINGS, 0, 0, setting(4, 2 ** 31))],
        code: Code.FLOW_CONTROL_ERROR,
      },
      {
        name: "MAX_FRAME_SIZE that is too small",
        bytes: [frame(Type.SETTINGS, 0, 0, setting(5, 16_383))],
        code: Code.PROTOCOL_ERROR,
      },
      {
        name: "MAX_FRAME_SIZE that is too large",
        bytes: [frame(Type.SETTINGS, 0, 0, setting(5, 2 ** 24))],
        code: Code.PROTOCOL_ERROR,
      },
      {
        name: "PUSH_PROMISE",
        bytes: [opening, frame(Type.PUSH_PROMISE, END_HEADERS, 1, [...uint32(2), ...part])],
        code: Code.PROTOCOL_ERROR,
      },
      {
        name: "PING of a stream",
        bytes: [frame(Type.PING, 0, 1, Buffer.alloc(8))],
        code: Code.PROTOCOL_ERROR,
      },
      {
        name: "PING of another length",
        bytes: [frame(Type.PING, 0, 0, Buffer.alloc(7))],
        code: Code.FRAME_SIZE_ERROR,
      },
      {
        name: "GOAWAY of a stream",
        bytes: [frame(Type.GOAWAY, 0, 1, Buffer.alloc(8))],
        code: Code.PROTOCOL_ERROR,
      },
      {
        name: "GOAWAY of another length",
        bytes: [frame(Type.GOAWAY, 0, 0, Buffer.alloc(7))],
        code: Code.FRAME_SIZE_ERROR,
      },
      {
        name: "WINDOW_UPDATE of another length",
        bytes: [frame(Type.WINDOW_UPDATE, 0, 0, Buffer.alloc(5))],
        code: Code.FRAME_SIZE_ERROR,
      },
      { name: "WINDOW_UPDATE of no stream", bytes: [windowUpdate(1, 1)], code: Code.PROTOCOL_ERROR },
      { name: "WINDOW_UPDATE by nothing", bytes: [windowUpdate(0, 0)], code: Code.PROTOCOL_ERROR },
      {
        name: "a window that is too large",
        bytes: [windowUpdate(0, 2 ** 31 - 1)],
        code: Code.FLOW_CONTROL_ERROR,
      },
      {
        name: "a stream's window that settings make too large",
        bytes: [
          opening,
          windowUpdate(1, 2 ** 31 - 1 - 65_535),
          frame(Type.SETTINGS, 0, 0, setting(4, 65_536)),
        ],
        code: Code.FLOW_CONTROL_ERROR,
      },
    ];

    it.each(cases.filter(isAsked))("$name", async ({ bytes, code, or = [] }) => {
      await using front = await opened(open);
      await using client = await RawClient.hello(front.port);
      client.send(...bytes);
      const goodbye = await client.goodbye();
      expect([code, ...or]).toContain(goodbye.code);
      await using next = await RawClient.hello(front.port);
      next.send(call(1));
      expect((await next.answer(1)).trailers.get("grpc-status")).toBe(OK);
    });

    it.each([
      ["no preface", [Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")]],
      ["half of one", [PREFACE.subarray(0, 20), Buffer.from("garbage")]],
      ["no SETTINGS behind it", [PREFACE, ping()]],
      ["an answer to SETTINGS in their place", [PREFACE, frame(Type.SETTINGS, ACK, 0)]],
    ])("%s", async (_, bytes) => {
      await using front = await opened(open);
      await using client = await RawClient.connect(front.port);
      client.send(...bytes);
      await client.closed;
      expect(client.frames.some(({ type }) => type === Type.HEADERS)).toBe(false);
    });
  });

  describe("what breaks a stream ends that stream", () => {
    const opening = headers(1, callHeaders(STREAM));
    const without = (name: string) => callHeaders(ECHO, { [name]: undefined });
    const cases: Case[] = [
      ...[":method", ":scheme", ":path"].map((name) => ({
        name: `no ${name}`,
        bytes: [headers(1, without(name))],
        code: Code.PROTOCOL_ERROR,
      })),
      ...[
        [":method", "POST"],
        [":status", "200"],
        ["Upper", "case"],
        ["sp ace", "x"],
        ["", "x"],
        ["x:y", "z"],
        ["new", "line\nbreak"],
        ["zero", "a\0b"],
        ["connection", "close"],
        ["transfer-encoding", "chunked"],
        ["te", "gzip"],
      ].map(([name, value], index) => ({
        // Others pass over the header.
        isStrict: index >= 3 && index <= 7,
        name: `a header ${JSON.stringify(name)}: ${JSON.stringify(value)}`,
        bytes: [headers(1, [...callHeaders(ECHO, { te: undefined }), [name!, value!]])],
        code: Code.PROTOCOL_ERROR,
      })),
      { name: "an empty path", bytes: [headers(1, callHeaders(""))], code: Code.PROTOCOL_ERROR },
      {
        name: "more than the promised content",
        bytes: [
          headers(1, callHeaders(ECHO, { "content-length": "4" })),
          data(1, message(), { isLast: true }),
        ],
        code: Code.PROTOCOL_ERROR,
      },
      {
        name: "less than the promised content",
        bytes: [
          headers(1, callHeaders(ECHO, { "content-length": "6" })),
          data(1, message(), { isLast: true }),
        ],
        code: Code.PROTOCOL_ERROR,
      },
      {
        name: "a length that is no number",
        bytes: [headers(1, callHeaders(ECHO, { "content-length": "x" }))],
        code: Code.PROTOCOL_ERROR,
      },
      {
        name: "trailers that end nothing",
        bytes: [opening, headers(1, [["x", "y"]])],
        code: Code.PROTOCOL_ERROR,
      },
      {
        name: "trailers with a path",
        bytes: [opening, headers(1, [[":path", "/"]], { isLast: true })],
        code: Code.PROTOCOL_ERROR,
      },
      { name: "WINDOW_UPDATE by nothing", bytes: [opening, windowUpdate(1, 0)], code: Code.PROTOCOL_ERROR },
      {
        name: "a window that is too large",
        bytes: [opening, windowUpdate(1, 2 ** 31 - 1)],
        code: Code.FLOW_CONTROL_ERROR,
      },
    ];

    it.each(cases.filter(isAsked))("$name", async ({ bytes, code }) => {
      await using front = await opened(open);
      await using client = await RawClient.hello(front.port);
      client.send(...bytes);
      await client.until(() => client.soFar(1).reset !== undefined || (!isStrict && client.isClosed));
      // To take it for an error of the connection is allowed (§5.4).
      if (client.isClosed) return;
      expect(client.soFar(1).reset).toBe(code);
      client.send(call(3));
      expect((await client.answer(3)).trailers.get("grpc-status")).toBe(OK);
    });

    it("DATA behind the end", async () => {
      await using front = await opened(open, { "/test.Echo/Wait": unary(() => new Promise(() => {})) });
      await using client = await RawClient.hello(front.port);
      client.send(
        headers(1, callHeaders("/test.Echo/Wait")),
        data(1, message(), { isLast: true }),
        data(1, message()),
      );
      await client.until(() => client.isClosed || client.soFar(1).reset !== undefined);
      // §5.1: an error of the stream; to take it for one of the connection is allowed (§5.4).
      const code = client.soFar(1).reset ?? (await client.goodbye()).code;
      expect(code).toBe(Code.STREAM_CLOSED);
    });
  });
}

import { connect } from "node:http2";
import { LatticeError } from "@lattice/model";
import { describe, expect, it } from "vitest";
import { GrpcCode, type CallContext, type OpenFront } from "../../src/index.ts";
import { RawClient } from "../raw-client.ts";
import { callHeaders, continuation, data, headers, message, type RawAnswer } from "../raw-frames.ts";
import type { Pair } from "../naive-hpack.ts";
import { ECHO, opened, unary } from "./opened.ts";

const statusOf = ({ head, trailers }: RawAnswer) => ({
  http: head.get(":status"),
  code: trailers.get("grpc-status"),
  message: trailers.get("grpc-message"),
});

export function describeHeads(open: OpenFront): void {
  describe("the headers of a call", () => {
    const heads: {
      name: string;
      more: Record<string, string | undefined>;
      path?: string;
      expected: object;
    }[] = [
      {
        name: "another content type",
        more: { "content-type": "application/json" },
        expected: { http: "415", code: "3", message: 'invalid gRPC request content-type "application/json"' },
      },
      {
        name: "one that begins alike",
        more: { "content-type": "application/grpc-web" },
        expected: {
          http: "415",
          code: "3",
          message: 'invalid gRPC request content-type "application/grpc-web"',
        },
      },
      {
        name: "none",
        more: { "content-type": undefined },
        expected: { http: "415", code: "3", message: 'invalid gRPC request content-type ""' },
      },
      {
        name: "one with a format",
        more: { "content-type": "application/grpc+proto" },
        expected: { http: "200", code: "0" },
      },
      {
        name: "one with a parameter",
        more: { "content-type": "application/grpc; charset=utf-8" },
        expected: { http: "200", code: "0" },
      },
      {
        name: "another method of HTTP",
        more: { ":method": "GET" },
        expected: {
          http: "405",
          code: "13",
          message: 'Received a HEADERS frame with :method "GET" which should be POST',
        },
      },
      {
        name: "an encoding that is not there",
        more: { "grpc-encoding": "gzip" },
        expected: {
          http: "200",
          code: "12",
          message: 'grpc: Decompressor is not installed for grpc-encoding "gzip"',
        },
      },
      { name: "the encoding that is none", more: { "grpc-encoding": "identity" }, expected: { code: "0" } },
      {
        name: "a timeout without a unit",
        more: { "grpc-timeout": "1000" },
        expected: {
          http: "400",
          code: "13",
          message: 'malformed grpc-timeout: transport: timeout unit is not recognized: "1000"',
        },
      },
      {
        name: "a timeout that is too long",
        more: { "grpc-timeout": "123456789m" },
        expected: { message: 'malformed grpc-timeout: transport: timeout string is too long: "123456789m"' },
      },
      {
        name: "a timeout that is too short",
        more: { "grpc-timeout": "m" },
        expected: { message: 'malformed grpc-timeout: transport: timeout string is too short: "m"' },
      },
      {
        name: "a timeout that is no number",
        more: { "grpc-timeout": "-5m" },
        expected: { message: 'malformed grpc-timeout: transport: timeout is no number: "-5m"' },
      },
      {
        name: "a path without a method",
        more: {},
        path: "/",
        expected: { http: "200", code: "12", message: 'malformed method name: "/"' },
      },
    ];

    it.each(heads)("$name", async ({ more, path = ECHO, expected }) => {
      await using front = await opened(open);
      await using client = await RawClient.hello(front.port);
      client.send(headers(1, callHeaders(path, more)), data(1, message(), { isLast: true }));
      const answer = await client.answer(1);
      expect(statusOf(answer)).toMatchObject(expected);
      expect(answer.head.get("content-type")).toBe("application/grpc");
    });

    it("give the deadline in any unit", async () => {
      const calls: CallContext[] = [];
      const keeps = unary((request, call) => {
        calls.push(call);
        return request;
      });
      await using front = await opened(open, { "/test.Echo/Keep": keeps });
      await using client = await RawClient.hello(front.port);
      const units = {
        "99999999n": 100,
        "4989626u": 4_990,
        "5000m": 5_000,
        "7S": 7_000,
        "2M": 120_000,
        "99999999H": 99_999_999 * 3_600_000,
      };
      let streamId = 1;
      for (const [text, ms] of Object.entries(units)) {
        const before = performance.now();
        client.send(headers(streamId, callHeaders("/test.Echo/Keep", { "grpc-timeout": text })));
        client.send(data(streamId, message(), { isLast: true }));
        expect((await client.answer(streamId)).trailers.get("grpc-status")).toBe("0");
        const left = calls.at(-1)!.deadlineMs! - before;
        expect(left).toBeGreaterThanOrEqual(ms - 1);
        expect(left).toBeLessThanOrEqual(ms + performance.now() - before);
        streamId += 2;
      }
    });

    it("of the end tell this project's clients the code of a LatticeError", async () => {
      const fails = unary(() => {
        throw new LatticeError("conflict", "somebody else was faster");
      });
      await using front = await opened(open, { "/test.Echo/Fail": fails });
      await using client = await RawClient.hello(front.port);
      client.send(headers(1, callHeaders("/test.Echo/Fail")), data(1, message(), { isLast: true }));
      const { trailers } = await client.answer(1);
      expect(trailers.get("grpc-status")).toBe(`${GrpcCode.ABORTED}`);
      expect(trailers.get("lattice-code")).toBe("conflict");
    });

    it("of a time that is up end the call", async () => {
      const waits = unary(() => new Promise(() => {}));
      await using front = await opened(open, { "/test.Echo/Wait": waits });
      await using client = await RawClient.hello(front.port);
      client.send(headers(1, callHeaders("/test.Echo/Wait", { "grpc-timeout": "1n" })));
      client.send(data(1, message(), { isLast: true }));
      expect(statusOf(await client.answer(1))).toEqual({
        http: "200",
        code: "4",
        message: "context deadline exceeded",
      });
      // Also before the request is there.
      client.send(headers(3, callHeaders(ECHO, { "grpc-timeout": "1m" })));
      expect(statusOf(await client.answer(3))).toMatchObject({ code: "4" });
    });

    it("with several of one name: the first", async () => {
      let seen: string | undefined;
      const keeps = unary((request, call) => {
        seen = call.metadata.get("token");
        return request;
      });
      await using front = await opened(open, { "/test.Echo/Keep": keeps });
      await using client = await RawClient.hello(front.port);
      const twice: Pair[] = [...callHeaders("/test.Echo/Keep"), ["token", "one"], ["token", "two"]];
      client.send(headers(1, twice), data(1, message(), { isLast: true }));
      await client.answer(1);
      expect(seen).toBe("one");
    });

    it("come as node:http2 sends them, with every byte that may stand in one", async () => {
      // What is shorter in Huffman's code is sent in it: each stands among such characters.
      const values = Array.from(
        { length: 256 },
        (_, byte) => `0000${String.fromCharCode(byte)}0000aaaa`,
      ).filter((_, byte) => byte === 9 || (byte >= 32 && byte !== 127));
      const keeps = unary((request, call) => {
        const index = Number(String(request));
        return Buffer.from(
          values
            .slice(index, index + 50)
            .map((_, at) => call.metadata.get(`x-${at}`))
            .join("\n"),
          "latin1",
        );
      });
      await using front = await opened(open, { "/test.Echo/Keep": keeps });
      const session = connect(`http://127.0.0.1:${front.port}`);
      for (let index = 0; index < values.length; index += 50) {
        const some = values.slice(index, index + 50);
        const own = Object.fromEntries(some.map((value, at) => [`x-${at}`, value]));
        const request = session.request({ ...Object.fromEntries(callHeaders("/test.Echo/Keep")), ...own });
        request.end(message(Buffer.from(`${index}`)));
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        expect(Buffer.concat(chunks).toString("latin1", 5)).toBe(some.join("\n"));
      }
      session.close();
    });

    it("that are too many are refused", async () => {
      await using front = await opened(open);
      await using client = await RawClient.hello(front.port);
      const many = Array.from({ length: 20 }, (_, index): Pair => [`x-${index}`, "y".repeat(2_000)]);
      // Below the size of a frame; the rest by CONTINUATION.
      client.send(headers(1, [...callHeaders(ECHO), ...many.slice(0, 7)], { flags: 0 }));
      client.send(continuation(1, many.slice(7, 14)), continuation(1, many.slice(14), { isLast: true }));
      client.send(data(1, message(), { isLast: true }));
      const { trailers, reset } = await client.answer(1);
      if (reset === undefined) {
        expect(trailers.get("grpc-status")).toBe(`${GrpcCode.RESOURCE_EXHAUSTED}`);
        expect(trailers.get(":status")).toBe("431");
      }
      client.send(headers(3, callHeaders(ECHO)), data(3, message(), { isLast: true }));
      expect((await client.answer(3)).trailers.get("grpc-status")).toBe("0");
    });
  });
}

import { setImmediate } from "node:timers/promises";
import { LatticeError } from "@lattice/model";
import { describe, expect, it } from "vitest";
import { GrpcCode, GrpcError, type CallContext, type OpenFront, type UnaryHandler } from "../../src/index.ts";
import { GrpcClient } from "../grpc-client.ts";
import { RawClient } from "../raw-client.ts";
import { callHeaders, data, headers, message } from "../raw-frames.ts";
import { aborted, ECHO, opened, unary } from "./opened.ts";

export function describeUnary(open: OpenFront): void {
  describe("a unary call", () => {
    it("is answered, at once or later, whatever the size", async () => {
      const later = unary(async (request) => {
        await setImmediate();
        return request;
      });
      await using front = await opened(open, { "/test.Echo/Later": later });
      using client = new GrpcClient(front.port);
      for (const path of [ECHO, "/test.Echo/Later"]) {
        for (const size of [0, 1, 16_379, 16_384, 65_535, 3 << 20]) {
          const request = Buffer.alloc(size, size % 251);
          const { code, response } = await client.unary(path, request);
          expect(code).toBe(0);
          expect(response!.equals(request), `${size} bytes`).toBe(true);
        }
      }
    });

    it("gets its own answer among many", async () => {
      await using front = await opened(open);
      using client = new GrpcClient(front.port);
      const calls = Array.from({ length: 500 }, async (_, index) => {
        const { response } = await client.unary(ECHO, Buffer.from(`${index}`));
        return String(response) === `${index}`;
      });
      expect(await Promise.all(calls)).not.toContain(false);
    });

    it("ends with the error of its handler, to the letter", async () => {
      const fails = (error: Error, isLater: boolean) =>
        unary((request) => {
          if (!isLater) throw error;
          return setImmediate(request).then(() => Promise.reject(error));
        });
      const text = 'etcdserver: "k\u00f6ln" is 100% \u{1f600}\n\ttoo late';
      const errors: [Error, number, string][] = [
        [new GrpcError(GrpcCode.FAILED_PRECONDITION, text), 9, text],
        [new GrpcError(GrpcCode.UNAVAILABLE, ""), 14, ""],
        [new LatticeError("not-found", "there is no such key"), 5, "there is no such key"],
        [new LatticeError("disk-full", "no room"), 8, "no room"],
        [new TypeError("undefined is not a function"), 13, "undefined is not a function"],
      ];
      for (const [error, code, message] of errors) {
        await using front = await opened(open, {
          "/test.Echo/Fail": fails(error, false),
          "/test.Echo/FailLater": fails(error, true),
        });
        using client = new GrpcClient(front.port);
        expect(await client.unary("/test.Echo/Fail")).toEqual({ code, message, response: undefined });
        expect(await client.unary("/test.Echo/FailLater")).toEqual({ code, message, response: undefined });
      }
    });

    it("ends with an error where its handler answers with no bytes", async () => {
      const wrong = [() => undefined, async () => "text", async () => undefined, () => ({})];
      for (const handle of wrong) {
        await using front = await opened(open, {
          "/test.Echo/Wrong": unary(handle as unknown as UnaryHandler),
        });
        using client = new GrpcClient(front.port);
        expect((await client.unary("/test.Echo/Wrong")).code).toBe(GrpcCode.INTERNAL);
      }
    });

    it("with a message that is too long ends so that its client can tell what is", async () => {
      const fails = unary(() => {
        throw new GrpcError(GrpcCode.INTERNAL, `${"\u00e4".repeat(3_000)}`);
      });
      await using front = await opened(open, { "/test.Echo/Fail": fails });
      using client = new GrpcClient(front.port);
      const { code, message } = await client.unary("/test.Echo/Fail");
      expect(code).toBe(13);
      expect(message).toMatch(/^\u00e4{500,}\u2026$/u);
    });

    it("with a request that is too large is refused, and those after it are not", async () => {
      await using front = await opened(open, {}, { requestBytesMax: 1_000 });
      using client = new GrpcClient(front.port);
      for (const size of [1_001, 100_000, 20 << 20]) {
        const { code, message } = await client.unary(ECHO, Buffer.alloc(size));
        expect(code).toBe(GrpcCode.RESOURCE_EXHAUSTED);
        expect(message).toBe(`grpc: received message larger than max (${size} vs. 1000)`);
        expect((await client.unary(ECHO, Buffer.alloc(1_000))).code).toBe(0);
      }
    });

    it("of an unknown method says what is unknown, as grpc-go does", async () => {
      await using front = await opened(open);
      using client = new GrpcClient(front.port);
      const texts = {
        "/test.Echo/Nothing": "unknown method Nothing for service test.Echo",
        "/test.Other/Echo": "unknown service test.Other",
        "/test/Echo/Echo": "unknown service test/Echo",
        "/Echo": 'malformed method name: "/Echo"',
      };
      for (const [path, message] of Object.entries(texts)) {
        expect(await client.unary(path)).toEqual({ code: 12, message, response: undefined });
      }
    });

    it("is over for its handler when its client cancels", async () => {
      const seen = Promise.withResolvers<Error>();
      const begun = Promise.withResolvers<void>();
      const waits = unary(async (_, call) => {
        begun.resolve();
        seen.resolve(await aborted(call.signal));
        throw new Error("nobody hears this");
      });
      await using front = await opened(open, { "/test.Echo/Wait": waits });
      using client = new GrpcClient(front.port);
      const abort = new AbortController();
      const call = client.unary("/test.Echo/Wait", undefined, { signal: abort.signal });
      await begun.promise;
      abort.abort();
      expect((await call).code).toBe(GrpcCode.CANCELLED);
      expect(await seen.promise).toMatchObject({ code: GrpcCode.CANCELLED, message: "context canceled" });
      expect((await client.unary(ECHO)).code).toBe(0);
    });

    it("is over for its handler when the connection is", async () => {
      const seen = Promise.withResolvers<Error>();
      const begun = Promise.withResolvers<void>();
      const waits = unary(async (request, call) => {
        begun.resolve();
        seen.resolve(await aborted(call.signal));
        return request;
      });
      await using front = await opened(open, { "/test.Echo/Wait": waits });
      const client = await RawClient.hello(front.port);
      client.send(headers(1, callHeaders("/test.Echo/Wait")), data(1, message(), { isLast: true }));
      await begun.promise;
      await client[Symbol.asyncDispose]();
      expect(await seen.promise).toMatchObject({ code: GrpcCode.CANCELLED });
    });

    it("knows where it came from, and what came with it", async () => {
      const calls: CallContext[] = [];
      const keeps = unary((request, call) => {
        calls.push(call);
        return request;
      });
      await using front = await opened(open, { "/test.Echo/Keep": keeps });
      using client = new GrpcClient(front.port);
      const metadata = { authorization: "a.b.c", "x-bytes-bin": "\u0000\u0001\u00ff" };
      await client.unary("/test.Echo/Keep", undefined, { metadata });
      const [call] = calls as [CallContext];
      expect(call.path).toBe("/test.Echo/Keep");
      expect(call.remote).toMatch(/^127\.0\.0\.1:[0-9]+$/u);
      expect(call.commonName).toBeUndefined();
      expect(call.deadlineMs).toBeUndefined();
      expect(call.metadata.get("authorization")).toBe("a.b.c");
      expect(call.metadata.get("x-bytes-bin")).toBe(Buffer.from("\u0000\u0001\u00ff").toString("base64"));
      expect(call.metadata.get("nothing")).toBeUndefined();
      expect(call.signal.aborted).toBe(false);
    });

    it("ends at its deadline, which its handler knows", async () => {
      const seen = Promise.withResolvers<Error>();
      let waitMs = 0;
      const waits = unary(async (request, call) => {
        waitMs = call.deadlineMs! - performance.now();
        seen.resolve(await aborted(call.signal));
        return request;
      });
      await using front = await opened(open, { "/test.Echo/Wait": waits });
      using client = new GrpcClient(front.port);
      const { code } = await client.unary("/test.Echo/Wait", undefined, { deadline: Date.now() + 200 });
      expect(code).toBe(GrpcCode.DEADLINE_EXCEEDED);
      expect(waitMs).toBeGreaterThan(0);
      expect(waitMs).toBeLessThanOrEqual(200);
      // Whoever is first, the server's clock or the client's word.
      const { code: reason } = (await seen.promise) as GrpcError;
      expect([GrpcCode.DEADLINE_EXCEEDED, GrpcCode.CANCELLED]).toContain(reason);
    });
  });
}

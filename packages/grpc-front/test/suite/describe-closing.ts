import { describe, expect, it } from "vitest";
import { GrpcCode, type OpenFront } from "../../src/index.ts";
import { GrpcClient, statusOf } from "../grpc-client.ts";
import { RawClient } from "../raw-client.ts";
import { callHeaders, Code, data, headers, message } from "../raw-frames.ts";
import { aborted, ECHO, opened, stream, unary } from "./opened.ts";

export function describeClosing(open: OpenFront): void {
  describe("closing", () => {
    it("lets calls under way end, and takes no more", async () => {
      const go = Promise.withResolvers<void>();
      const begun = Promise.withResolvers<void>();
      const waits = unary(async (request) => {
        begun.resolve();
        await go.promise;
        return request;
      });
      const front = await opened(open, { "/test.Echo/Wait": waits });
      using client = new GrpcClient(front.port);
      const call = client.unary("/test.Echo/Wait", Buffer.from("still"));
      await begun.promise;
      const closed = front.close({ graceMs: 60_000 });
      using other = new GrpcClient(front.port);
      expect((await other.unary(ECHO)).code).toBe(GrpcCode.UNAVAILABLE);
      go.resolve();
      expect(String((await call).response)).toBe("still");
      await closed;
    });

    it("cuts what has not ended when the time is up", async () => {
      const seen = Promise.withResolvers<Error>();
      const begun = Promise.withResolvers<void>();
      const waits = stream(async (call) => {
        begun.resolve();
        seen.resolve(await aborted(call.signal));
        await new Promise(() => {});
      });
      const front = await opened(open, { "/test.Echo/Wait": waits });
      using client = new GrpcClient(front.port);
      const status = statusOf(client.stream("/test.Echo/Wait"));
      await begun.promise;
      await front.close({ graceMs: 10 });
      expect(await status).toEqual({ code: GrpcCode.UNAVAILABLE, message: "the server is closing" });
      expect(await seen.promise).toMatchObject({ code: GrpcCode.UNAVAILABLE });
    });

    it("tells a client the last stream that it answers, and closes", async () => {
      const go = Promise.withResolvers<void>();
      const begun = Promise.withResolvers<void>();
      const waits = unary(async (request) => {
        begun.resolve();
        await go.promise;
        return request;
      });
      const front = await opened(open, { "/test.Echo/Wait": waits });
      await using client = await RawClient.hello(front.port);
      client.send(headers(1, callHeaders(ECHO)), data(1, message(), { isLast: true }));
      client.send(headers(5, callHeaders("/test.Echo/Wait")), data(5, message(), { isLast: true }));
      await begun.promise;
      const closed = front.close({ graceMs: 60_000 });
      go.resolve();
      expect((await client.answer(5)).trailers.get("grpc-status")).toBe("0");
      expect(await client.goodbye()).toMatchObject({ code: Code.NO_ERROR, lastStreamId: 5 });
      await closed;
    });

    it("does not wait for clients that do nothing or say nothing, and can be done twice", async () => {
      const front = await opened(open);
      await using silent = await RawClient.connect(front.port);
      await using idle = await RawClient.hello(front.port);
      await Promise.all([front.close(), front.close({ graceMs: 5 }), front[Symbol.asyncDispose]()]);
      await Promise.all([silent.closed, idle.closed]);
      expect((await idle.goodbye()).code).toBe(Code.NO_ERROR);
    });

    it("frees the port; while it is taken, nobody else gets it", async () => {
      const front = await opened(open);
      await expect(opened(open, {}, { port: front.port })).rejects.toMatchObject({
        code: "in-use",
        message: `another program listens on 127.0.0.1:${front.port}: stop it, or choose another port`,
      });
      await front.close();
      await using next = await opened(open, {}, { port: front.port });
      expect(next.port).toBe(front.port);
    });

    it("a host that is none is said to be none", async () => {
      await expect(opened(open, {}, { host: "192.0.2.1" })).rejects.toMatchObject({
        code: "invalid-argument",
      });
    });
  });
}

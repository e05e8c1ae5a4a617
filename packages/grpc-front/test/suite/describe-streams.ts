import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { GrpcCode, GrpcError, type OpenFront } from "../../src/index.ts";
import { GrpcClient, readAll, statusOf } from "../grpc-client.ts";
import { RawClient } from "../raw-client.ts";
import { callHeaders, headers, reset } from "../raw-frames.ts";
import { aborted, opened, stream, STREAM } from "./opened.ts";

export function describeStreams(open: OpenFront): void {
  describe("a stream", () => {
    it("carries messages both ways, in order, whatever their size", async () => {
      await using front = await opened(open);
      using client = new GrpcClient(front.port);
      const call = client.stream(STREAM);
      const sent = Array.from({ length: 300 }, (_, index) =>
        Buffer.alloc((index * 977) % 50_000, index % 256),
      );
      sent.push(Buffer.alloc(2 << 20, 7));
      for (const message of sent) call.write(message);
      call.end();
      const { code, messages } = await readAll(call);
      expect(code).toBe(0);
      expect(Buffer.concat(messages).equals(Buffer.concat(sent))).toBe(true);
      expect(messages.map(({ length }) => length)).toEqual(sent.map(({ length }) => length));
    });

    it("of requests only, and of responses only", async () => {
      await using front = await opened(open, {
        "/test.Echo/Sum": stream(async (call) => {
          let bytes = 0;
          for await (const request of call.requests) bytes += request.length;
          call.send(Buffer.from(`${bytes}`));
        }),
        "/test.Echo/Count": stream(async (call) => {
          for await (const request of call.requests) {
            for (let index = 0; index < Number(String(request)); index++) call.send(Buffer.from(`${index}`));
          }
        }),
      });
      using client = new GrpcClient(front.port);
      const sum = client.stream("/test.Echo/Sum");
      for (let index = 0; index < 50; index++) sum.write(Buffer.alloc(index));
      sum.end();
      expect((await readAll(sum)).messages.map(String)).toEqual([`${(49 * 50) / 2}`]);
      const count = client.stream("/test.Echo/Count");
      count.end(Buffer.from("5"));
      expect((await readAll(count)).messages.map(String)).toEqual(["0", "1", "2", "3", "4"]);
    });

    it("begins before its client has said anything", async () => {
      const greets = stream(async (call) => {
        call.send(Buffer.from("hello"));
        for await (const request of call.requests) call.send(request);
      });
      await using front = await opened(open, { "/test.Echo/Greet": greets });
      using client = new GrpcClient(front.port);
      const call = client.stream("/test.Echo/Greet");
      const [first] = (await once(call, "data")) as [Buffer];
      expect(String(first)).toBe("hello");
      call.end(Buffer.from("goodbye"));
      expect(await readAll(call)).toMatchObject({ code: 0, messages: [Buffer.from("goodbye")] });
    });

    it("ends with its handler's error, behind what was sent", async () => {
      const fails = stream(async (call) => {
        for (let index = 0; index < 3; index++) call.send(Buffer.from([index]));
        await setImmediate();
        throw new GrpcError(GrpcCode.OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted");
      });
      const failsAtOnce = stream(() => {
        throw new GrpcError(GrpcCode.UNAUTHENTICATED, "who are you?");
      });
      await using front = await opened(open, {
        "/test.Echo/Fail": fails,
        "/test.Echo/FailAtOnce": failsAtOnce,
      });
      using client = new GrpcClient(front.port);
      expect(await readAll(client.stream("/test.Echo/Fail"))).toMatchObject({
        code: 11,
        message: "etcdserver: mvcc: required revision has been compacted",
        messages: [Buffer.from([0]), Buffer.from([1]), Buffer.from([2])],
      });
      expect(await readAll(client.stream("/test.Echo/FailAtOnce"))).toMatchObject({ code: 16, messages: [] });
    });

    it("ends with its handler, though its client goes on", async () => {
      const ends = stream(async (call) => {
        for await (const request of call.requests) {
          call.send(request);
          return;
        }
      });
      await using front = await opened(open, { "/test.Echo/End": ends });
      using client = new GrpcClient(front.port);
      const call = client.stream("/test.Echo/End");
      call.write(Buffer.from("once"));
      call.write(Buffer.alloc(3 << 20));
      expect(await readAll(call)).toMatchObject({ code: 0, messages: [Buffer.from("once")] });
      expect((await client.unary("/test.Echo/Echo")).code).toBe(0);
    });

    it("that is reset fails its handler's reading, and takes nothing more", async () => {
      const failed = Promise.withResolvers<unknown>();
      const begun = Promise.withResolvers<void>();
      const after: unknown[] = [];
      const reads = stream(async (call) => {
        begun.resolve();
        try {
          for await (const request of call.requests) call.send(request);
        } catch (error) {
          after.push(call.send(Buffer.alloc(1)), await call.drained(), call.signal.aborted);
          failed.resolve(error);
          throw error;
        }
      });
      await using front = await opened(open, { "/test.Echo/Read": reads });
      await using client = await RawClient.hello(front.port);
      client.send(headers(1, callHeaders("/test.Echo/Read")));
      await begun.promise;
      client.send(reset(1));
      expect(await failed.promise).toMatchObject({ code: GrpcCode.CANCELLED });
      expect(after).toEqual([false, undefined, true]);
    });

    it("that its client cancels is over for its handler", async () => {
      const seen = Promise.withResolvers<Error>();
      const begun = Promise.withResolvers<void>();
      const waits = stream(async (call) => {
        begun.resolve();
        seen.resolve(await aborted(call.signal));
      });
      await using front = await opened(open, { "/test.Echo/Wait": waits });
      using client = new GrpcClient(front.port);
      const call = client.stream("/test.Echo/Wait");
      const status = statusOf(call);
      await begun.promise;
      call.cancel();
      expect((await status).code).toBe(GrpcCode.CANCELLED);
      expect(await seen.promise).toMatchObject({ code: GrpcCode.CANCELLED });
    });

    it("ends at its deadline", async () => {
      const seen = Promise.withResolvers<Error>();
      const waits = stream(async (call) => {
        call.send(Buffer.from("wait"));
        seen.resolve(await aborted(call.signal));
      });
      await using front = await opened(open, { "/test.Echo/Wait": waits });
      using client = new GrpcClient(front.port);
      const { code, messages } = await readAll(
        client.stream("/test.Echo/Wait", { deadline: Date.now() + 200 }),
      );
      expect(code).toBe(GrpcCode.DEADLINE_EXCEEDED);
      expect(messages.map(String)).toEqual(["wait"]);
      await seen.promise;
    });

    it("with a message that is too large ends, whatever its handler does", async () => {
      const failed = Promise.withResolvers<unknown>();
      const reads = stream(async (call) => {
        try {
          for await (const request of call.requests) call.send(request);
        } catch (error) {
          failed.resolve(error);
        }
      });
      await using front = await opened(open, { "/test.Echo/Read": reads }, { requestBytesMax: 10 });
      using client = new GrpcClient(front.port);
      const call = client.stream("/test.Echo/Read");
      call.write(Buffer.alloc(10));
      call.write(Buffer.alloc(11));
      const message = "grpc: received message larger than max (11 vs. 10)";
      expect(await readAll(call)).toMatchObject({ code: 8, message });
      expect(await failed.promise).toMatchObject({ code: 8, message });
    });

    it("holds its handler back when its client does not read", async () => {
      const stopped = Promise.withResolvers<void>();
      let sentBytes = 0;
      const message = Buffer.alloc(10_000, 1);
      const sends = stream(async (call) => {
        for (let index = 0; index < 1_000; index++) {
          sentBytes += message.length;
          if (call.send(message)) continue;
          stopped.resolve();
          await call.drained();
        }
      });
      await using front = await opened(open, { "/test.Echo/Send": sends });
      using client = new GrpcClient(front.port);
      const call = client.stream("/test.Echo/Send");
      await stopped.promise;
      // Windows, sockets and queues hold something, and not all of it.
      expect(sentBytes).toBeLessThan(5_000_000);
      const { code, messages } = await readAll(call);
      expect(code).toBe(0);
      expect(messages.length).toBe(1_000);
    });

    it("holds its client back when its handler does not read", async () => {
      const go = Promise.withResolvers<void>();
      let count = 0;
      const reads = stream(async (call) => {
        await go.promise;
        for await (const request of call.requests) count += request.length;
      });
      await using front = await opened(open, { "/test.Echo/Read": reads });
      using client = new GrpcClient(front.port);
      const call = client.stream("/test.Echo/Read");
      const message = Buffer.alloc(1 << 20);
      let writtenCount = 0;
      const writing = (async () => {
        for (let index = 0; index < 32; index++) {
          await new Promise<void>((resolve) => {
            call.write(message, () => resolve());
          });
          writtenCount += 1;
        }
        call.end();
      })();
      // Others get their answers all the while.
      for (let index = 0; index < 50; index++) await client.unary("/test.Echo/Echo", Buffer.alloc(10_000));
      expect(writtenCount).toBeLessThan(24);
      go.resolve();
      const { code } = await readAll(call);
      await writing;
      expect(code).toBe(0);
      expect(count).toBe(32 << 20);
    });
  });
}

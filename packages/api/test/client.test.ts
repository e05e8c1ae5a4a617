import { describe, expect, test } from "vitest";
import { ERROR_CODES, LatticeError } from "@lattice/model";
import { daemon } from "@lattice/proto";
import type { CallContext } from "../src/index.ts";
import { aborted, collect, failureOf, WAYS } from "./fake-node.ts";

/** A handler that waits for ever, whatever its signal says. */
function stubborn() {
  const { promise, resolve } = Promise.withResolvers<AbortSignal>();
  const run = (_: unknown, { signal }: CallContext): Promise<never> => {
    resolve(signal);
    return new Promise(() => {});
  };
  return { started: promise, run };
}

describe.each(WAYS)("a client $way", ({ clientOf }) => {
  test("completes requests and replies", async () => {
    const seen: daemon.CreateStoreRequest[] = [];
    const client = await clientOf({
      store: {
        create: async (request) => {
          seen.push(request);
          return { name: request.name, id: new Uint8Array([1, 2, 255]) };
        },
      },
    });
    const store = await client.store.create({ name: "köln" });
    expect({ ...seen[0]! }).toEqual({ name: "köln", type: "", parent: "" });
    const { id, ...rest } = store;
    expect(rest).toEqual({
      name: "köln",
      type: "",
      parentId: new Uint8Array(),
      genesisHash: new Uint8Array(),
      problem: "",
    });
    expect(id).toEqual(new Uint8Array([1, 2, 255]));
    expect(Object.getPrototypeOf(id)).toBe(Uint8Array.prototype);
  });

  test("carries nested messages, maps and bigints", async () => {
    const status = {
      store: { name: "a" },
      intentionCount: 2n ** 63n,
      rejected: { "bad-signature": 7n },
      livePeers: [new Uint8Array(32)],
    };
    const client = await clientOf({ store: { status: async () => status } });
    const reply = await client.store.status({ store: "a" });
    expect(daemon.StoreStatus.equals(reply, daemon.StoreStatus.create(status))).toBe(true);
  });

  test.each(ERROR_CODES)("gives an error of code %s as it was thrown", async (code) => {
    const thrown = new LatticeError(code, 'no "köln" – 100% #1 of it\u{1F600}', {
      details: { store: "köln \u{1F600}", quote: '"\\\n' },
    });
    const client = await clientOf({
      node: {
        getStatus: async () => {
          throw thrown;
        },
        async *events() {
          yield { text: "first" };
          throw thrown;
        },
      },
    });
    const events = client.node.events({})[Symbol.asyncIterator]();
    expect((await events.next()).value?.text).toBe("first");
    for (const error of [await failureOf(client.node.getStatus({})), await failureOf(events.next())]) {
      expect(error).toMatchObject({ code, message: thrown.message, details: thrown.details });
    }
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  test.each([
    ["an error", new TypeError("x is not a function\n    at secret.ts:1"), "x is not a function"],
    ["a text", "went wrong", "went wrong"],
    ["nothing", undefined, "undefined"],
    ["an error without a text", new Error(""), "internal error"],
    ["a lone surrogate", new Error("bad \ud800 text"), "bad \ufffd text"],
  ])("turns %s that was thrown into one internal error", async (_, thrown: unknown, message) => {
    const client = await clientOf({
      node: {
        getStatus: () => {
          throw thrown;
        },
      },
    });
    const error = await failureOf(client.node.getStatus({}));
    expect(error).toMatchObject({ code: "internal", message, details: {} });
    expect(error.message).not.toMatch(/ at |\n/);
  });

  test("leaves out details that are too many, and shortens a text that is too long", async () => {
    const client = await clientOf({
      node: {
        getStatus: async () => {
          throw new LatticeError("conflict", "é".repeat(100_000), { details: { all: "é".repeat(100_000) } });
        },
      },
    });
    expect((await failureOf(client.node.getStatus({}))).code).toBe("conflict");
  });

  test("lets go of a call at once when its signal aborts, and tells the handler", async () => {
    const handler = stubborn();
    const client = await clientOf({ node: { getStatus: handler.run } });
    const controller = new AbortController();
    const call = failureOf(client.node.getStatus({}, { signal: controller.signal }));
    const signal = await handler.started;
    controller.abort();
    expect((await call).code).toBe("cancelled");
    await aborted(signal);
  });

  test("does not call anything when its signal has aborted", async () => {
    const handler = stubborn();
    const client = await clientOf({
      node: {
        getStatus: handler.run,
        events: () => {
          throw new Error("called");
        },
      },
    });
    const signal = AbortSignal.abort(new DOMException("late", "TimeoutError"));
    expect((await failureOf(client.node.getStatus({}, { signal }))).code).toBe("timeout");
    expect((await failureOf(collect(client.node.events({}, { signal })))).code).toBe("timeout");
  });

  test("starts a stream with the first read, and again for every reader", async () => {
    let startCount = 0;
    const client = await clientOf({
      node: {
        async *events() {
          startCount++;
          yield { text: `${startCount}` };
        },
      },
    });
    const events = client.node.events({});
    expect(startCount).toBe(0);
    expect((await collect(events)).map(({ text }) => text)).toEqual(["1"]);
    expect((await collect(events)).map(({ text }) => text)).toEqual(["2"]);
  });

  test("ends the handler of a stream whose reader stops", async () => {
    const ended = Promise.withResolvers<void>();
    const client = await clientOf({
      node: {
        async *events(_, { signal }) {
          try {
            yield { text: "first" };
            await aborted(signal);
          } finally {
            ended.resolve();
          }
        },
      },
    });
    for await (const event of client.node.events({})) {
      expect(event.text).toBe("first");
      break;
    }
    await ended.promise;
  });

  test("ends a read that waits when the reader returns", async () => {
    const started = Promise.withResolvers<AbortSignal>();
    const client = await clientOf({
      node: {
        async *events(_, { signal }) {
          started.resolve(signal);
          await new Promise(() => {});
          yield {};
        },
      },
    });
    const events = client.node.events({})[Symbol.asyncIterator]();
    const read = events.next();
    const signal = await started.promise;
    await events.return!();
    expect(await read).toEqual({ done: true, value: undefined });
    await aborted(signal);
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  test("fails a stream once when its signal aborts, whether or not a read waits", async () => {
    const client = await clientOf({
      node: {
        async *events(_, { signal }) {
          yield { text: "first" };
          await aborted(signal);
        },
      },
    });
    for (const isWaiting of [true, false]) {
      const controller = new AbortController();
      const events = client.node.events({}, { signal: controller.signal })[Symbol.asyncIterator]();
      await events.next();
      const waiting = isWaiting ? failureOf(events.next()) : undefined;
      controller.abort();
      expect((await (waiting ?? failureOf(events.next()))).code).toBe("cancelled");
      expect(await events.next()).toEqual({ done: true, value: undefined });
    }
  });

  test("answers reads that were asked for ahead, in order", async () => {
    const client = await clientOf({
      node: {
        async *events() {
          yield { text: "1" };
          yield { text: "2" };
        },
      },
    });
    const events = client.node.events({})[Symbol.asyncIterator]();
    const results = await Promise.all([events.next(), events.next(), events.next(), events.next()]);
    expect(results.map(({ value }) => value?.text)).toEqual(["1", "2", undefined, undefined]);
  });

  test("passes on all of a long stream", async () => {
    const client = await clientOf({
      node: {
        async *events() {
          for (let timeMs = 0n; timeMs < 5_000n; timeMs++) yield { timeMs };
        },
      },
    });
    const events = await collect(client.node.events({}));
    expect(events.map(({ timeMs }) => Number(timeMs))).toEqual(Array.from({ length: 5_000 }, (_, at) => at));
  });

  test("ends what runs, and refuses what comes later, once it is closed", async () => {
    const handler = stubborn();
    const client = await clientOf({
      node: {
        getStatus: handler.run,
        async *events(_, { signal }) {
          yield {};
          await aborted(signal);
        },
      },
    });
    const call = failureOf(client.node.getStatus({}));
    const signal = await handler.started;
    const events = client.node.events({})[Symbol.asyncIterator]();
    await events.next();
    const read = failureOf(events.next());
    await Promise.all([client.close(), client.close()]);
    expect((await call).code).toBe("closed");
    expect((await read).code).toBe("closed");
    await aborted(signal);
    expect((await failureOf(client.node.getStatus({}))).code).toBe("closed");
    expect((await failureOf(collect(client.node.events({})))).code).toBe("closed");
    await client[Symbol.asyncDispose]();
  });
});

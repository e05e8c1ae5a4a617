/** The client of browsers, which must not be told apart from the one in process and the one over gRPC. */
import type { IncomingMessage } from "node:http";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import { httpClient } from "@lattice/http-client";
import { ERROR_CODES, LatticeError } from "@lattice/model";
import { daemon } from "@lattice/proto";
import { aborted, failureOf, serve, TOKEN, type Served } from "./fake-node.ts";

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** Stands between a client and a node, and can be cut. */
class Wire {
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((near) => this.#join(near));
  readonly #served: Served;
  connections = 0;

  private constructor(served: Served) {
    this.#served = served;
  }

  static async open(served: Served): Promise<Wire> {
    const wire = new Wire(served);
    wire.#server.listen(0, "127.0.0.1");
    await once(wire.#server, "listening");
    onTestFinished(() => {
      wire.cut();
      wire.#server.close();
    });
    return wire;
  }

  /** What the client is to use: it asks through the wire, in the node's own name. */
  get fetch(): typeof fetch {
    const { port } = this.#server.address() as AddressInfo;
    const { request: dispatch } = nodeFetch(port, this.#served.host);
    return dispatch;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  #join(near: Socket): void {
    this.connections += 1;
    const far = new (near.constructor as typeof Socket)();
    far.connect(this.#served.server.port, "127.0.0.1");
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  }
}

/** `fetch` by another port than the Host says, which the global one cannot do. */
function nodeFetch(port: number, host: string): { request: typeof fetch } {
  const request: typeof fetch = async (input, init) => {
    const { request: open } = await import("node:http");
    const { Readable } = await import("node:stream");
    const url = new URL(String(input));
    const asked = open({
      host: "127.0.0.1",
      port,
      path: url.pathname,
      method: init?.method ?? "GET",
      headers: { ...(init?.headers as Record<string, string>), host },
      agent: false,
    });
    init?.signal?.addEventListener("abort", () => asked.destroy(), { once: true });
    const answered = once(asked, "response");
    asked.end(init?.body as Uint8Array);
    const [response] = (await answered) as [IncomingMessage];
    const body = Readable.toWeb(response) as ReadableStream<Uint8Array>;
    const headers = { "content-type": response.headers["content-type"] ?? "" };
    return new Response(body, { status: response.statusCode!, headers });
  };
  return { request };
}

describe("calls", () => {
  test("carry every kind of value", async () => {
    const status = {
      store: { name: "köln" },
      intentionCount: 2n ** 63n,
      rejected: { "bad-signature": 7n },
      livePeers: [new Uint8Array([0, 255])],
    };
    const served = await serve({ store: { status: async () => status } });
    const reply = await served.client().store.status({ store: "a" });
    expect(daemon.StoreStatus.equals(reply, daemon.StoreStatus.create(status))).toBe(true);
    expect(Object.getPrototypeOf(reply.livePeers[0])).toBe(Uint8Array.prototype);
  });

  test.each(ERROR_CODES)("give an error of code %s as it was thrown", async (code) => {
    const thrown = new LatticeError(code, 'no "köln" – 100% #1 of it\u{1F600}', {
      details: { store: "köln \u{1F600}" },
    });
    const served = await serve({
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
    const client = served.client({ resumeMs: 0 });
    const events = client.node.events({})[Symbol.asyncIterator]();
    expect((await events.next()).value?.text).toBe("first");
    for (const error of [await failureOf(client.node.getStatus({})), await failureOf(events.next())]) {
      expect(error).toMatchObject({ code, message: thrown.message, details: thrown.details });
    }
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  test("end at once when the caller says so", async () => {
    const started = Promise.withResolvers<AbortSignal>();
    const served = await serve({
      node: {
        getStatus: (_, { signal }) => {
          started.resolve(signal);
          return new Promise(() => {});
        },
      },
    });
    const abort = new AbortController();
    const call = served.client().node.getStatus({}, { signal: abort.signal });
    const signal = await started.promise;
    abort.abort();
    expect((await failureOf(call)).code).toBe("cancelled");
    await aborted(signal);
  });

  test("fail where the client is closed, the token wrong, the node away, or none", async () => {
    const served = await serve({ node: { getStatus: async () => ({}) } });
    const client = served.client();
    await client.close();
    expect((await failureOf(client.node.getStatus({}))).code).toBe("closed");
    expect((await failureOf(served.client({ token: "no" }).node.getStatus({}))).code).toBe("unauthenticated");
    const other = createServer((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"));
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    onTestFinished(() => void other.close());
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    expect((await failureOf(served.client({ url }).node.getStatus({}))).code).toBe("unavailable");
    await served.server.close();
    expect(await failureOf(served.client().node.getStatus({}))).toMatchObject({
      code: "unavailable",
      message: `the node on ${served.server.url} does not answer: is it running?`,
    });
  });

  test("send what is too large to nobody", async () => {
    const served = await serve();
    const call = served.client().dynamic.call({ message: new Uint8Array(9 << 20) });
    expect((await failureOf(call)).code).toBe("too-large");
  });
});

describe("streams", () => {
  test("tell all, in order", async () => {
    const served = await serve({
      node: {
        async *events() {
          for (let at = 0; at < 1000; at++) yield { text: `${at}`, timeMs: BigInt(at) };
        },
      },
    });
    const events = await collect(served.client().node.events({}));
    expect(events.map(({ text, timeMs }) => [text, Number(timeMs)])).toEqual(
      Array.from({ length: 1000 }, (_, at) => [`${at}`, at]),
    );
  });

  test("end their source when their consumer stops", async () => {
    const ended = Promise.withResolvers<void>();
    const served = await serve({
      node: {
        async *events() {
          try {
            for (;;) yield { text: "x".repeat(1000) };
          } finally {
            ended.resolve();
          }
        },
      },
    });
    for await (const event of served.client().node.events({})) {
      expect(event.text).toHaveLength(1000);
      break;
    }
    await ended.promise;
  });

  /** Tells 1, 2, 3 … from wherever it is asked to, and waits behind `until`. */
  function counting(until: number) {
    const asked: number[] = [];
    const reached = Promise.withResolvers<void>();
    const events = async function* events(
      { resume }: daemon.EventsRequest,
      { signal }: { signal: AbortSignal },
    ): AsyncGenerator<Partial<daemon.NodeEvent>> {
      const from = resume[0] ?? 0;
      asked.push(from);
      for (let at = from + 1; at <= until; at++) yield { text: `${at}`, resume: new Uint8Array([at]) };
      if (asked.length === 1) {
        reached.resolve();
        await aborted(signal);
      }
    };
    return { asked, reached: reached.promise, methods: { node: { events } } };
  }

  test("go on by themselves where they were cut off, with nothing lost or told twice", async () => {
    const { asked, reached, methods } = counting(5);
    const served = await serve(methods);
    const wire = await Wire.open(served);
    const events = served.client({ fetch: wire.fetch }).node.events({})[Symbol.asyncIterator]();
    const told = [];
    for (let at = 0; at < 5; at++) told.push((await events.next()).value?.text);
    await reached;
    const next = events.next();
    wire.cut();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(told).toEqual(["1", "2", "3", "4", "5"]);
    expect(asked).toEqual([0, 5]);
  });

  test("fail where they have no position, or nobody answers for too long", async () => {
    const served = await serve({
      node: {
        async *events(_, { signal }) {
          yield { text: "without", resume: new Uint8Array(0) };
          await aborted(signal);
        },
      },
    });
    const wire = await Wire.open(served);
    const events = served.client({ fetch: wire.fetch }).node.events({})[Symbol.asyncIterator]();
    await events.next();
    const next = events.next();
    wire.cut();
    expect((await failureOf(next)).code).toBe("unavailable");

    const { reached, methods } = counting(1);
    const other = await serve(methods);
    const patient = other.client({ resumeMs: 500 }).node.events({})[Symbol.asyncIterator]();
    await patient.next();
    await reached;
    const late = patient.next();
    await other.server.close();
    expect((await failureOf(late)).code).toMatch(/^(closed|unavailable)$/);
  });

  test("that end while they wait to go on do so at once", async () => {
    const { reached, methods } = counting(1);
    const served = await serve(methods);
    const abort = new AbortController();
    const client = served.client({ resumeMs: 3_600_000 });
    const events = client.node.events({}, { signal: abort.signal })[Symbol.asyncIterator]();
    await events.next();
    await reached;
    const next = events.next();
    await served.server.close();
    abort.abort();
    expect((await failureOf(next)).code).toBe("cancelled");
  });
});

test("a page has its cookie for it, and no token", async () => {
  const served = await serve({ node: { getStatus: async () => ({ name: "ada" }) } });
  const cookie = await served.cookie();
  const asBrowser: typeof fetch = (input, init) => {
    expect(init).toMatchObject({ credentials: "same-origin", cache: "no-store" });
    const headers = { ...(init?.headers as Record<string, string>), cookie, origin: served.origin };
    expect(headers).not.toHaveProperty("authorization");
    return nodeFetch(served.server.port, served.host).request(`${served.origin}${String(input)}`, {
      ...init,
      headers,
    });
  };
  const client = httpClient({ fetch: asBrowser });
  expect(await client.node.getStatus({})).toMatchObject({ name: "ada" });
  expect(TOKEN).not.toBe("");
});

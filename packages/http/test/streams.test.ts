import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { LatticeError } from "@lattice/model";
import { daemon } from "@lattice/proto";
import { aborted, serve, TOKEN, type FakeMethods, type Served } from "./fake-node.ts";

const EVENTS = "/api/lattice.daemon.v1.NodeService/Events";
const BEARER = { authorization: `Bearer ${TOKEN}` };

/** What a stream has sent, as it comes. */
class Reading {
  readonly socket: Socket;
  text = "";
  readonly #watchers = new Set<() => void>();

  constructor(socket: Socket) {
    this.socket = socket;
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => undefined);
    socket.on("data", (bytes: Buffer) => {
      this.text += bytes.toString();
      for (const watcher of this.#watchers) watcher();
    });
  }

  /** When this has come; a test that waits for what never comes is ended by its runner. */
  async until(part: string | RegExp): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = (): void => {
      if (typeof part === "string" ? this.text.includes(part) : part.test(this.text)) resolve();
    };
    this.#watchers.add(check);
    check();
    await promise;
    this.#watchers.delete(check);
  }
}

/** The bytes of a stream as they come from the socket, which a test may leave unread. */
function open(served: Served, path = EVENTS, headers: Record<string, string> = {}): Reading {
  const socket = connect(served.server.port, "127.0.0.1");
  const lines = { host: served.host, ...BEARER, ...headers };
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET ${path} HTTP/1.1\r\n${head.join("")}\r\n`);
  return new Reading(socket);
}

function countingFrom(first: number, count: number): FakeMethods {
  return {
    node: {
      async *events({ resume }) {
        const from = resume.length === 0 ? first : resume[0]! + 1;
        for (let at = from; at < first + count; at++)
          yield { text: `event ${at}`, resume: new Uint8Array([at]) };
      },
    },
  };
}

describe("a stream", () => {
  test("tells events with their positions, and its end", async () => {
    const served = await serve(countingFrom(1, 2));
    const { status, headers, text } = await served.call("NodeService/Events");
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
    });
    const event = (at: number, id: string) =>
      `id: ${id}\ndata: ${JSON.stringify(
        daemon.NodeEvent.toJson(
          daemon.NodeEvent.create({ text: `event ${at}`, resume: new Uint8Array([at]) }),
          { emitDefaultValues: true },
        ),
      )}\n\n`;
    expect(text).toBe(`retry: 1000\n\n${event(1, "AQ")}${event(2, "Ag")}event: end\ndata: {}\n\n`);
  });

  test("in binary has its messages in base64", async () => {
    const served = await serve(countingFrom(7, 1));
    const headers = { "content-type": "application/x-protobuf" };
    const { text } = await served.call("NodeService/Events", {}, { body: "", headers });
    const [, data] = /^data: (.*)$/m.exec(text)!;
    expect(daemon.NodeEvent.fromBinary(new Uint8Array(Buffer.from(data!, "base64")))).toMatchObject({
      text: "event 7",
    });
  });

  test("goes on behind the position that its reader tells", async () => {
    const served = await serve(countingFrom(1, 5));
    for (const ask of [{ method: "POST" }, { method: "GET", body: "" }]) {
      const { text } = await served.call(
        "NodeService/Events",
        {},
        { ...ask, headers: { "last-event-id": "Aw" } },
      );
      expect(text.match(/event \d/g)).toEqual(["event 4", "event 5"]);
    }
  });

  test("an empty position holds none, so it begins anew", async () => {
    const served = await serve(countingFrom(1, 2));
    const { text } = await served.call("NodeService/Events", {}, { headers: { "last-event-id": "" } });
    expect(text.match(/event \d/g)).toEqual(["event 1", "event 2"]);
  });

  test("tells an empty position where one event has none", async () => {
    const served = await serve({
      node: {
        async *events() {
          yield { text: "a", resume: new Uint8Array([1]) };
          yield { text: "b" };
        },
      },
    });
    const { text } = await served.call("NodeService/Events");
    expect(text.match(/^id: .*$/gm)).toEqual(["id: AQ", "id: "]);
  });

  test("that cannot go on from anywhere says so", async () => {
    const served = await serve({ node: { async *join() {} } });
    const { json } = await served.call("NodeService/Join", {}, { headers: { "last-event-id": "AQ" } });
    expect(json).toMatchObject({ status: 400, code: "invalid-argument" });
  });

  test("that does something is no link", async () => {
    const served = await serve({ node: { async *join() {} } });
    expect((await served.call("NodeService/Join", {}, { method: "GET", body: "" })).status).toBe(405);
    expect((await served.call("NodeService/Join")).text).toContain("event: end");
  });

  test("that fails before it has told anything answers with its status", async () => {
    const served = await serve({
      node: {
        // eslint-disable-next-line require-yield
        async *events() {
          throw new LatticeError("not-found", "no events here");
        },
      },
    });
    const answer = await served.call("NodeService/Events");
    expect(answer).toMatchObject({ status: 404, json: { code: "not-found", detail: "no events here" } });
  });

  test("that fails later ends with the problem", async () => {
    const served = await serve({
      node: {
        async *events() {
          yield { text: "first" };
          throw new LatticeError("corrupt", "it broke", { details: { where: "here" } });
        },
      },
    });
    const { status, text } = await served.call("NodeService/Events");
    expect(status).toBe(200);
    const [, data] = /^event: problem\ndata: (.*)\n\n$/m.exec(text)!;
    expect(JSON.parse(data!)).toMatchObject({
      status: 500,
      code: "corrupt",
      detail: "it broke",
      details: { where: "here" },
    });
  });

  test("that has nothing to tell is open all the same, and shows that it lives", async () => {
    const served = await serve(
      { node: { events: (_, { signal }) => silence(signal) } },
      { limits: { heartbeatMs: 5 } },
    );
    const reading = open(served);
    await reading.until("retry: 1000");
    await reading.until(/: \n\n[^]*: \n\n/);
    expect(reading.text).not.toContain("\ndata:");
  });

  test("frees what it holds when its reader leaves", async () => {
    const started = Promise.withResolvers<AbortSignal>();
    const served = await serve({
      node: {
        events: (_, { signal }) => {
          started.resolve(signal);
          return silence(signal);
        },
      },
    });
    const reading = open(served);
    const signal = await started.promise;
    expect(signal.aborted).toBe(false);
    reading.socket.destroy();
    await aborted(signal);
  });

  test("ends with a problem when the server closes", async () => {
    const served = await serve({ node: { events: (_, { signal }) => silence(signal) } });
    const reading = open(served);
    await reading.until("retry:");
    const ended = once(reading.socket, "end");
    await served.server.close();
    await ended;
    expect(reading.text).toMatch(/event: problem\r?\ndata: .*"code":"closed"/);
  });

  test("ends when its time is up", async () => {
    const served = await serve({ node: { events: (_, { signal }) => silence(signal) } });
    const { text } = await served.call("NodeService/Events", {}, { headers: { "lattice-timeout-ms": "20" } });
    expect(text).toMatch(/event: problem\ndata: .*"code":"timeout"/);
  });
});

describe("a slow reader", () => {
  /** Tells more than any buffer holds, and counts what it was asked for. */
  function torrent() {
    const counts = { told: 0, isOver: false };
    const methods: FakeMethods = {
      node: {
        async *events() {
          try {
            for (;;) {
              counts.told += 1;
              yield { text: "x".repeat(10_000) };
            }
          } finally {
            counts.isOver = true;
          }
        },
      },
    };
    return { counts, methods };
  }

  /** When the stream stands still. */
  async function atRest(counts: { told: number }): Promise<number> {
    for (let last = -1; ;) {
      for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
      if (counts.told === last) return last;
      last = counts.told;
    }
  }

  test("is read for no further than it reads", async () => {
    const { counts, methods } = torrent();
    const served = await serve(methods);
    const reading = open(served);
    await reading.until("retry:");
    reading.socket.pause();
    const stopped = await atRest(counts);
    // What the system itself takes in: some megabytes at most, and no more when somebody waits longer.
    expect(stopped).toBeLessThan(3000);
    expect(counts.isOver).toBe(false);
    reading.socket.resume();
    const more = reading.text.length + 50_000_000;
    while (reading.text.length < more) await once(reading.socket, "data");
    expect(counts.told).toBeGreaterThan(stopped);
  });

  test("that takes nothing for too long is cut off", async () => {
    const { counts, methods } = torrent();
    const served = await serve(methods, { limits: { stallMs: 50 } });
    const reading = open(served);
    await reading.until("retry:");
    reading.socket.pause();
    while (!counts.isOver) await new Promise((resolve) => setImmediate(resolve));
    expect(counts.isOver).toBe(true);
  });
});

async function* silence(signal: AbortSignal): AsyncGenerator<Partial<daemon.NodeEvent>> {
  await aborted(signal);
  yield* [];
}

import { connect } from "node:net";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { HTTP_STATUS_OF_CODE } from "@lattice/api";
import { ERROR_CODES, LatticeError } from "@lattice/model";
import { daemon } from "@lattice/proto";
import { BINARY_BYTES_MAX, JSON_BYTES_MAX } from "../src/limits.ts";
import { aborted, NODE_STATUS, serve, TOKEN } from "./fake-node.ts";

const STORE = "lattice.daemon.v1.StoreService";
const BINARY = { "content-type": "application/x-protobuf" };

/** Tells what it was asked for. */
function recording() {
  const seen: daemon.CreateStoreRequest[] = [];
  const create = async (request: daemon.CreateStoreRequest) => {
    seen.push(request);
    return { name: request.name, id: new Uint8Array([1, 2, 255]) };
  };
  return { seen, methods: { store: { create } } };
}

describe("a call", () => {
  test("in JSON gives JSON, with what is empty", async () => {
    const { seen, methods } = recording();
    const served = await serve(methods);
    const { status, headers, json } = await served.call(`${STORE}/Create`, { name: "köln" });
    expect({ ...seen[0]! }).toEqual({ name: "köln", type: "", parent: "" });
    expect(status).toBe(200);
    expect(headers).toMatchObject({ "content-type": "application/json", "cache-control": "no-store" });
    expect(json).toEqual({ id: "AQL/", name: "köln", type: "", parentId: "", genesisHash: "", problem: "" });
  });

  test("in binary gives binary", async () => {
    const { methods } = recording();
    const served = await serve(methods);
    const body = daemon.CreateStoreRequest.toBinary({ name: "köln", type: "", parent: "" });
    const answer = await served.call(`${STORE}/Create`, {}, { body, headers: BINARY });
    expect(answer.headers["content-type"]).toBe("application/x-protobuf");
    const store = daemon.Store.fromBinary(new Uint8Array(answer.bytes));
    expect(store).toMatchObject({ name: "köln", id: new Uint8Array([1, 2, 255]) });
  });

  test.each([
    ["application/json", BINARY, "application/json"],
    ["application/x-protobuf", {}, "application/x-protobuf"],
    ["application/protobuf, */*;q=0", {}, "application/x-protobuf"],
    ["text/html, */*;q=0.1", BINARY, "application/x-protobuf"],
    ["application/*", {}, "application/json"],
  ])("gives what Accept says: %s", async (accept, sent, expected) => {
    const served = await serve(recording().methods);
    const answer = await served.call(`${STORE}/Create`, {}, { body: "", headers: { ...sent, accept } });
    expect(answer.headers["content-type"]).toBe(expected);
  });

  test("numbers of 64 bits are text in JSON, and enums have names", async () => {
    const served = await serve({
      store: { status: async () => ({ intentionCount: 2n ** 63n, rejected: { "bad-signature": 7n } }) },
    });
    const { json } = await served.call(`${STORE}/Status`);
    expect(json).toMatchObject({ intentionCount: "9223372036854775808", rejected: { "bad-signature": "7" } });
  });

  test("needs no body, and no full name where the simple one means one service", async () => {
    const served = await serve({ node: { getStatus: async () => ({ name: "ada" }) } });
    const headers = { authorization: `Bearer ${TOKEN}` };
    for (const path of [NODE_STATUS, "/api/NodeService/GetStatus"]) {
      expect((await served.ask(path, { method: "POST", headers })).json).toMatchObject({ name: "ada" });
    }
  });

  test("that changes nothing is a link, too", async () => {
    const served = await serve({ store: { resolve: async ({ store }) => ({ name: store }) } });
    const headers = { authorization: `Bearer ${TOKEN}` };
    const json = encodeURIComponent(JSON.stringify({ store: "köln" }));
    const binary = Buffer.from(daemon.StoreRequest.toBinary({ store: "köln" })).toString("base64url");
    for (const query of [`message=${json}`, `encoding=proto&message=${binary}`]) {
      const answer = await served.ask(`/api/${STORE}/Resolve?${query}`, {
        headers: { ...headers, accept: "application/json" },
      });
      expect(answer.json).toMatchObject({ name: "köln" });
    }
  });

  test("a message in a query is in no other form than those two", async () => {
    const served = await serve({ node: { getStatus: async () => ({}) } });
    const headers = { authorization: `Bearer ${TOKEN}` };
    const statusOf = async (encoding: string) =>
      (await served.ask(`${NODE_STATUS}?encoding=${encoding}&message=`, { headers })).status;
    expect([await statusOf("json"), await statusOf("proto"), await statusOf("protobuf")]).toEqual([
      200, 200, 400,
    ]);
  });

  test("that changes something is not", async () => {
    const { seen, methods } = recording();
    const served = await serve(methods);
    const headers = { authorization: `Bearer ${TOKEN}` };
    const answer = await served.ask(`/api/${STORE}/Create?message={}`, { headers });
    expect(answer).toMatchObject({
      status: 405,
      headers: { allow: "POST" },
      json: { code: "invalid-argument" },
    });
    expect(seen).toEqual([]);
  });
});

describe("an error", () => {
  test.each(ERROR_CODES)("of code %s has its status, its line and its details", async (code) => {
    const thrown = new LatticeError(code, 'no "köln" \u{1F600}', { details: { store: "köln" } });
    const served = await serve({
      node: {
        getStatus: async () => {
          throw thrown;
        },
      },
    });
    const { status, headers, json } = await served.call("NodeService/GetStatus");
    expect(status).toBe(HTTP_STATUS_OF_CODE[code]);
    expect(headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    expect(json).toEqual({
      title: expect.any(String),
      status,
      code,
      detail: thrown.message,
      retry: thrown.retry,
      details: { store: "köln" },
    });
  });

  test("that is none of ours keeps its first line, and never its stack", async () => {
    const served = await serve({
      node: {
        getStatus: async () => {
          throw new TypeError("x is not a function\n    at secret.ts:1");
        },
      },
    });
    const { status, text } = await served.call("NodeService/GetStatus");
    expect(status).toBe(500);
    expect(text).toContain('"detail":"x is not a function"');
    expect(text).not.toContain("secret");
  });

  test.each([
    ["NoService/GetStatus", {}, 404, "not-found"],
    ["NodeService/NoMethod", {}, 404, "not-found"],
    ["NodeService", {}, 404, "not-found"],
    ["NodeService/GetStatus/more", {}, 404, "not-found"],
    ["__proto__/constructor", {}, 404, "not-found"],
    ["NodeService/GetStatus", { method: "PUT" }, 405, "invalid-argument"],
    ["NodeService/GetStatus", { body: "{" }, 400, "invalid-argument"],
    ["NodeService/GetStatus", { body: "[]" }, 400, "invalid-argument"],
    ["NodeService/GetStatus", { body: "null" }, 400, "invalid-argument"],
    ["NodeService/GetStatus", { body: '{"unknown":1}' }, 400, "invalid-argument"],
    ["StoreService/Status", { body: '{"store":1}' }, 400, "invalid-argument"],
    ["StoreService/Status", { body: new Uint8Array([0x7b, 0xff]) }, 400, "invalid-argument"],
    ["StoreService/Status", { body: new Uint8Array([9]), headers: BINARY }, 400, "invalid-argument"],
    ["NodeService/GetStatus", { headers: { "content-type": "text/plain" } }, 415, "invalid-argument"],
    [
      "NodeService/GetStatus",
      { headers: { "content-type": "application/x-www-form-urlencoded" } },
      415,
      "invalid-argument",
    ],
    ["NodeService/GetStatus", { headers: { "content-encoding": "gzip" } }, 415, "invalid-argument"],
    ["NodeService/GetStatus", { headers: { accept: "text/html" } }, 406, "invalid-argument"],
    ["NodeService/GetStatus", { headers: { "lattice-timeout-ms": "soon" } }, 400, "invalid-argument"],
    ["NodeService/GetStatus", { headers: { "lattice-timeout-ms": "0" } }, 400, "invalid-argument"],
    ["NodeService/Events", { headers: { accept: "application/json" } }, 406, "invalid-argument"],
    ["NodeService/Events", { headers: { "last-event-id": "not one!" } }, 400, "invalid-argument"],
  ])("%s with %j gives %i", async (method, ask, status, code) => {
    const served = await serve({ node: { getStatus: async () => ({}), async *events() {} } });
    const { json } = await served.call(method, {}, ask);
    expect(json).toMatchObject({ status, code, detail: expect.stringMatching(/^[^\n]{1,1024}$/) });
  });

  test("nothing nests so deep that it is more than an error", async () => {
    const served = await serve();
    const { json } = await served.call("StoreService/Status", {}, { body: "[".repeat(1_000_000) });
    expect(json).toMatchObject({ status: 400, code: "invalid-argument" });
  });

  test.each([
    ["GET http://evil.example/ HTTP/1.1", 400],
    ["GET * HTTP/1.1", 400],
    ["GET /%zz HTTP/1.1", 400],
  ])("%s gives %i", async (head, status) => {
    const served = await serve();
    const socket = connect(served.server.port, "127.0.0.1");
    socket.end(`${head}\r\nHost: ${served.host}\r\nConnection: close\r\n\r\n`);
    expect(await text(socket)).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*"status":${status}`));
  });
});

test("a target that is too long gives 414", async () => {
  const served = await serve();
  expect(await served.ask(`/${"x".repeat(13 << 10)}`)).toMatchObject({
    status: 414,
    json: { code: "too-large" },
  });
});

describe("the end of a call", () => {
  /** A handler that waits for ever, whatever its signal says. */
  function stubborn() {
    const { promise, resolve } = Promise.withResolvers<AbortSignal>();
    const getStatus = (_: unknown, { signal }: { signal: AbortSignal }): Promise<never> => {
      resolve(signal);
      return new Promise(() => {});
    };
    return { started: promise, methods: { node: { getStatus } } };
  }

  test("comes when the caller's time is up", async () => {
    const { started, methods } = stubborn();
    const served = await serve(methods);
    const { status, json } = await served.call(
      "NodeService/GetStatus",
      {},
      { headers: { "lattice-timeout-ms": "20" } },
    );
    expect({ status, json }).toMatchObject({ status: 504, json: { code: "timeout", retry: true } });
    expect((await started).aborted).toBe(true);
  });

  test("comes when the caller leaves", async () => {
    const { started, methods } = stubborn();
    const served = await serve(methods);
    const socket = connect(served.server.port, "127.0.0.1");
    socket.write(
      `POST ${NODE_STATUS} HTTP/1.1\r\nHost: ${served.host}\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: 0\r\n\r\n`,
    );
    const signal = await started;
    expect(signal.aborted).toBe(false);
    socket.destroy();
    await aborted(signal);
  });

  test("comes when the server closes, which does not wait for it", async () => {
    const { started, methods } = stubborn();
    const served = await serve(methods);
    const answer = served.call("NodeService/GetStatus");
    await started;
    await served.server.close();
    expect(await answer).toMatchObject({ status: 503, json: { code: "closed" } });
    await expect(served.ask("/healthz")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});

describe("what is too much", () => {
  test.each([
    ["JSON", "application/json", JSON_BYTES_MAX],
    ["binary", "application/x-protobuf", BINARY_BYTES_MAX],
  ])("a body in %s that is too long is refused, announced or not", async (_, type, bytesMax) => {
    const served = await serve();
    const body = new Uint8Array(bytesMax + 1);
    for (const headers of [{}, { "transfer-encoding": "chunked" }]) {
      const answer = await served.call(
        "DynamicStoreService/Call",
        {},
        { body, headers: { "content-type": type, ...headers } },
      );
      expect(answer).toMatchObject({ status: 413, json: { code: "too-large" } });
    }
  });

  test("a body as long as may be is taken", async () => {
    const served = await serve({
      dynamic: { call: async ({ message }) => ({ message: message.subarray(0, 3) }) },
    });
    const overhead = 5;
    const message = new Uint8Array(BINARY_BYTES_MAX - overhead).fill(7);
    const request = daemon.CallRequest.create({ message });
    const body = daemon.CallRequest.toBinary(request);
    expect(body).toHaveLength(BINARY_BYTES_MAX);
    const inJson = JSON.stringify(daemon.CallRequest.toJson(request));
    for (const ask of [{ body, headers: { ...BINARY, accept: "application/json" } }, { body: inJson }]) {
      expect((await served.call("DynamicStoreService/Call", {}, ask)).json).toMatchObject({
        message: "BwcH",
      });
    }
  });

  test("an answer that is too long is an error, and no broken answer", async () => {
    const served = await serve({
      dynamic: { call: async () => ({ message: new Uint8Array(JSON_BYTES_MAX) }) },
    });
    for (const headers of [{}, BINARY]) {
      const answer = await served.call("DynamicStoreService/Call", {}, { body: "", headers });
      expect(answer).toMatchObject({ status: 413, json: { code: "too-large" } });
    }
  });

  test("bodies that arrive together have bounded room", async () => {
    const served = await serve(
      { dynamic: { call: async () => ({}) } },
      { limits: { bodiesBytesMax: 100_000 } },
    );
    const slow = connect(served.server.port, "127.0.0.1");
    const announced = 90_000;
    slow.write(
      `POST /api/DynamicStoreService/Call HTTP/1.1\r\nHost: ${served.host}\r\nAuthorization: Bearer ${TOKEN}\r\n` +
        `Content-Type: application/x-protobuf\r\nContent-Length: ${announced}\r\n\r\n`,
    );
    const message = daemon.CallRequest.toBinary(
      daemon.CallRequest.create({ message: new Uint8Array(announced - 4) }),
    );
    expect(message).toHaveLength(announced);
    slow.write(message.subarray(0, 80_000));
    // Until that is in memory there is room.
    const other = async () =>
      await served.call("DynamicStoreService/Call", {}, { body: new Uint8Array(50_000), headers: BINARY });
    let answer = await other();
    while (answer.status !== 429) answer = await other();
    expect(answer.json).toMatchObject({ code: "resource-exhausted", retry: true });
    slow.write(message.subarray(80_000));
    const [head] = (await once(slow, "data")) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1.1 200 /);
    slow.destroy();
    expect(
      (await served.call("DynamicStoreService/Call", {}, { body: message, headers: BINARY })).status,
    ).toBe(200);
  });

  test("calls beyond a bound are refused, until one ends", async () => {
    const gate = Promise.withResolvers<void>();
    let running = 0;
    const bothRun = Promise.withResolvers<void>();
    const getStatus = async () => {
      if (++running === 2) bothRun.resolve();
      await gate.promise;
      return {};
    };
    const served = await serve({ node: { getStatus } }, { limits: { callsMax: 2 } });
    const calls = [served.call("NodeService/GetStatus"), served.call("NodeService/GetStatus")];
    await bothRun.promise;
    expect(await served.call("NodeService/GetStatus")).toMatchObject({
      status: 429,
      json: { code: "resource-exhausted" },
    });
    gate.resolve();
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200]);
    expect((await served.call("NodeService/GetStatus")).status).toBe(200);
  });

  test("a flood of wrong requests leaves nothing behind", async () => {
    const served = await serve(
      { node: { getStatus: async () => ({ name: "ada" }) } },
      { limits: { callsMax: 1 } },
    );
    const flood = Array.from({ length: 300 }, (_, at) =>
      served.call("NodeService/GetStatus", {}, { body: `{${at}` }),
    );
    const statuses = new Set((await Promise.all(flood)).map(({ status }) => status));
    expect([...statuses].filter((status) => status !== 400 && status !== 429)).toEqual([]);
    expect((await served.call("NodeService/GetStatus")).json).toMatchObject({ name: "ada" });
  });
});

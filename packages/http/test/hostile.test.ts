/** Whoever can reach the port can send it anything. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { fuzzRuns, mutateBytes } from "@lattice/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { NODE_STATUS, serve, TOKEN, type Served } from "./fake-node.ts";

const node = { node: { getStatus: async () => ({ name: "ada" }), async *events() {} } };

function requests(host: string): Uint8Array[] {
  const head = (lines: readonly string[]) => `${lines.join("\r\n")}\r\n\r\n`;
  const own = [`Host: ${host}`, `Authorization: Bearer ${TOKEN}`, "Connection: close"];
  return [
    head([`GET ${NODE_STATUS}?message={} HTTP/1.1`, ...own]),
    head(["GET /api/NodeService/Events HTTP/1.1", ...own, "Last-Event-ID: AQ"]),
    `${head([`POST ${NODE_STATUS} HTTP/1.1`, ...own, "Content-Type: application/json", "Content-Length: 2"])}{}`,
    `${head([`POST ${NODE_STATUS} HTTP/1.1`, ...own, "Content-Type: application/x-protobuf", "Transfer-Encoding: chunked"])}2\r\n\x0a\x00\r\n0\r\n\r\n`,
    head(["GET /?token=code HTTP/1.1", `Host: ${host}`, "Accept-Encoding: br", "Connection: close"]),
  ].map((request) => new TextEncoder().encode(request));
}

/** What comes back to bytes that nobody follows up. */
async function answerTo(served: Served, bytes: Uint8Array): Promise<string> {
  const socket = connect(served.server.port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.end(bytes);
  return await text(socket).catch(() => "");
}

/** In whichever way. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

test("property: mutilated requests are answered in good order, or not at all, and the server goes on", async () => {
  const served = await serve(node, { limits: { headArrivesMs: 1_000 } });
  const known = requests(served.host);
  await fc.assert(
    fc.asyncProperty(mutateBytes(known), async (bytes) => {
      const answer = await answerTo(served, bytes);
      if (answer !== "") expect(answer).toMatch(/^HTTP\/1\.1 [2-5]\d\d /);
      // Nothing inside broke.
      expect(answer).not.toMatch(/^HTTP\/1\.1 500 /);
    }),
    fuzzRuns(300),
  );
  for (const bytes of known) expect(await answerTo(served, bytes)).toMatch(/^HTTP\/1\.1 (200|400|401) /);
  expect((await served.call("NodeService/GetStatus")).json).toMatchObject({ name: "ada" });
});

test("who says nothing, or never comes to the end, is let go of", async () => {
  const served = await serve(node, { limits: { headArrivesMs: 50 } });
  for (const begun of ["", `GET ${NODE_STATUS} HTTP/1.1\r\nHost: `]) {
    const socket = connect(served.server.port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.resume().write(begun);
    await closed(socket);
  }
  expect((await served.ask("/healthz")).status).toBe(200);
});

test("many who say nothing do not keep others out", async () => {
  const served = await serve(node);
  const idle = Array.from({ length: 200 }, () => connect(served.server.port, "127.0.0.1"));
  await Promise.all(idle.map((socket) => once(socket, "connect")));
  expect((await served.call("NodeService/GetStatus")).status).toBe(200);
  for (const socket of idle) socket.destroy();
});

test("who is refused cannot keep the node busy with what it sends all the same", async () => {
  const served = await serve(node);
  const socket = connect(served.server.port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket
    .resume()
    .write(`POST ${NODE_STATUS} HTTP/1.1\r\nHost: ${served.host}\r\nContent-Length: ${2 ** 40}\r\n\r\n`);
  const flood = new Uint8Array(1 << 20);
  const send = (): void => {
    while (!socket.destroyed && socket.write(flood));
  };
  socket.on("drain", send);
  const isOver = closed(socket);
  send();
  await isOver;
  expect(socket.bytesWritten).toBeLessThan(512 << 20);
  expect((await served.ask("/healthz")).status).toBe(200);
});

test("headers that are too long are refused", async () => {
  const served = await serve(node);
  const answer = await served.ask("/healthz", { headers: { "x-long": "x".repeat(20 << 10) } });
  expect(answer.status).toBe(431);
});

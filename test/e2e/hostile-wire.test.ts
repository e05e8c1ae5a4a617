/** Strangers at the ports of a daemon: whatever they send, it goes on, and says nothing of it on its stderr. */
import { connect, type Socket } from "node:net";
import { createSocket } from "node:dgram";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { json, printedSeed, seededNumbers, sharedNode } from "./daemon.ts";

const node = sharedNode();
let port = 0;

beforeAll(async () => {
  await node.answer("store", "create", "--root");
  await node.answer("put", "kept", "as it was");
  const { addresses } = await json<{ addresses: string[] }>(node, "node", "status");
  port = Number(/\/tcp\/(\d+)/.exec(addresses.join())![1]);
});

async function expectWell(): Promise<void> {
  expect(node.isRunning).toBe(true);
  expect(await node.answer("get", "kept")).toBe("as it was");
}

const toPort = (): Socket => connect(port, "127.0.0.1");
const toSocket = (): Socket => connect(join(node.dataDirectory, "lattice.sock"));

/** Sends each, one connection after the other, and waits until the node, or this side, has ended it. */
async function pester(
  open: () => Socket,
  messages: readonly Uint8Array[],
  end: "end" | "destroy",
): Promise<void> {
  for (const message of messages) {
    const socket = open();
    socket.on("error", () => undefined);
    socket.resume();
    socket.write(message, () => socket[end]());
    // Not `once` of node:events, for which an error would be a failure.
    await new Promise((resolve) => socket.once("close", resolve));
  }
}

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const MULTISTREAM = "\u0013/multistream/1.0.0\n";

function garbage(): Uint8Array[] {
  const below = seededNumbers(printedSeed());
  const random = (length: number) => Uint8Array.from({ length }, () => below(256));
  const bytes = (text: string, rest = new Uint8Array(0)) =>
    Buffer.concat([Buffer.from(text, "latin1"), rest]);
  return [
    new Uint8Array(0),
    new Uint8Array(1),
    new Uint8Array(100_000),
    new Uint8Array(64).fill(0xff),
    ...Array.from({ length: 20 }, () => random(1 + below(4_000))),
    random(500_000),
    bytes("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
    bytes("POST /lattice.daemon.v1.NodeService/GetStatus HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"),
    bytes(`GET /${"a".repeat(100_000)} HTTP/1.1\r\n`),
    bytes("\u0016\u0003\u0001\u0002\u0000\u0001"),
    // The beginnings of what is spoken here, and then not.
    bytes(PREFACE),
    bytes(PREFACE, random(2_000)),
    bytes(PREFACE, Uint8Array.of(0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1)),
    bytes(PREFACE, Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 9, 1, 4, 0, 0, 0, 1, 1, 2)),
    bytes(MULTISTREAM.slice(0, 7)),
    bytes(MULTISTREAM),
    bytes(`${MULTISTREAM}\u0007/noise\n`, random(500)),
    bytes(`${MULTISTREAM}\u0007/noise\n`, Uint8Array.of(0xff, 0xff)),
    bytes(`${MULTISTREAM}\u00ff\u00ff\u00ff\u00ff\u007f`),
  ];
}

it.each(["end", "destroy"] as const)(
  "goes on after garbage at its port, and the other side's %s",
  async (end) => {
    await pester(toPort, garbage(), end);
    await expectWell();
  },
);

it.each(["end", "destroy"] as const)(
  "goes on after garbage at its socket, and the other side's %s",
  async (end) => {
    await pester(toSocket, garbage(), end);
    await expectWell();
  },
);

it("goes on after garbage in datagrams", async () => {
  const socket = createSocket("udp4");
  for (const message of garbage()) {
    if (message.length > 60_000) continue;
    await new Promise<void>((resolve, reject) => {
      socket.send(message, port, "127.0.0.1", (error) => (error === null ? resolve() : reject(error)));
    });
  }
  socket.close();
  await expectWell();
});

it("serves others while many say nothing, or half of something", async () => {
  const halves = ["", MULTISTREAM.slice(0, 7), PREFACE.slice(0, 10), "GET / HT"];
  const sockets = Array.from({ length: 80 }, (_, at) => {
    const socket = at % 2 === 0 ? toPort() : toSocket();
    socket.on("error", () => undefined);
    socket.resume();
    socket.write(halves[at % halves.length]!);
    return socket;
  });
  const connecting = sockets.filter((socket) => socket.connecting);
  // The node may refuse some of so many.
  await Promise.all(
    connecting.map(
      (socket) => new Promise((resolve) => socket.once("connect", resolve).once("close", resolve)),
    ),
  );
  expect(await node.answer("put", "while", "they wait")).toBe("");
  expect(await node.answer("get", "while")).toBe("they wait");
  for (const socket of sockets) socket.destroy();
});

it("has nothing to complain of in the end, and ends in good order", async () => {
  await node.stop();
  expect(await node.errors).toBe("");
  await node.start();
  await expectWell();
});

/** What strangers and broken networks do. Vitest fails the run on any unhandled rejection or uncaught exception. */
import { createSocket } from "node:dgram";
import { connect as connectSocket, createServer, type Socket } from "node:net";
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { quic } from "@chainsafe/libp2p-quic";
import { generateKeyPair } from "@libp2p/crypto/keys";
import type { Stream } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { FRAME_BYTES_MAX, LatticeError } from "@lattice/model";
import { encodeFrame, openLibp2pTransport, type Channel, type Transport } from "@lattice/net";
import { seedOf } from "./seed-of.ts";
import { createLibp2p, type Libp2p } from "libp2p";
import { afterEach, describe, expect, it } from "vitest";

const PROTOCOL = "/lattice/test/1";
const closers: (() => unknown)[] = [];
let made = 2000;

async function open(): Promise<Transport> {
  const transport = await openLibp2pTransport({ seed: seedOf(made++), listen: [{ host: "127.0.0.1" }] });
  closers.push(async () => await transport.close());
  return transport;
}

/** A peer without our rules. */
async function stranger(type: "Ed25519" | "secp256k1" = "Ed25519"): Promise<Libp2p> {
  const node = await createLibp2p({
    privateKey: await (type === "Ed25519" ? generateKeyPair(type) : generateKeyPair(type)),
    addresses: { listen: [] },
    transports: [quic(), tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
  });
  closers.push(async () => await node.stop());
  return node;
}

function accept(transport: Transport): Promise<Channel> {
  const accepted = Promise.withResolvers<Channel>();
  transport.handle(PROTOCOL, accepted.resolve);
  return accepted.promise;
}

/** Whether the node still serves others, over both carriers. */
async function expectServes(transport: Transport): Promise<void> {
  for (const address of transport.addresses()) {
    const other = await open();
    const accepted = accept(transport);
    const near = await other.open(transport.self, PROTOCOL, { addresses: [address] });
    await near.send(new Uint8Array([1, 2, 3]));
    await near.close();
    const far = await accepted;
    expect(await readAll(far)).toEqual([new Uint8Array([1, 2, 3])]);
    await far.close();
  }
}

async function readAll(channel: Channel): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = [];
  for await (const frame of channel.frames) frames.push(new Uint8Array(frame));
  return frames;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => "none",
    (error: unknown) => LatticeError.from(error).code,
  );
}

function portOf(transport: Transport, kind: "tcp" | "udp"): number {
  const address = transport.addresses().find((one) => one.includes(`/${kind}/`))!;
  return Number(/\/(?:udp|tcp)\/(\d+)/.exec(address)![1]);
}

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

describe("strangers", () => {
  it("garbage on the TCP port changes nothing for others", async () => {
    const node = await open();
    const port = portOf(node, "tcp");
    const heads = [
      Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
      Buffer.from("\x13/multistream/1.0.0\n\x07/noise\n"),
      Buffer.from("\x13/multistream/1.0.0\n\x0d/yamux/1.0.0\n"),
      Buffer.alloc(0),
    ];
    for (let index = 0; index < 40; index++) {
      const socket = connectSocket(port, "127.0.0.1");
      socket.on("error", () => undefined);
      const gone = new Promise((resolve) => socket.once("close", resolve));
      await once(socket, "connect").catch(() => undefined);
      socket.write(heads[index % heads.length] ?? "");
      socket.write(randomBytes(2000));
      socket.resume();
      if (index % 3 === 0) socket.resetAndDestroy();
      else if (index % 3 === 1) socket.end();
      else socket.destroySoon();
      await gone;
    }
    await expectServes(node);
  });

  it("connections that say nothing leave room for others", async () => {
    const node = await open();
    const sockets = Array.from({ length: 20 }, () => connectSocket(portOf(node, "tcp"), "127.0.0.1"));
    closers.push(() => sockets.forEach((socket) => socket.destroy()));
    await Promise.all(sockets.map(async (socket) => await once(socket, "connect")));
    await expectServes(node);
  });

  it("a flood of garbage datagrams changes nothing for others", async () => {
    const node = await open();
    const port = portOf(node, "udp");
    const socket = createSocket("udp4");
    closers.push(() => socket.close());
    const send = async (datagram: Uint8Array): Promise<void> =>
      await new Promise((resolve) => socket.send(datagram, port, "127.0.0.1", () => resolve()));
    for (let index = 0; index < 3000; index++) {
      const datagram = randomBytes(1 + (index % 1400));
      // Half of them begin as an Initial packet of QUIC version 1 does.
      if (index % 2 === 0 && datagram.length > 5) datagram.set([0xc0 | (index & 0x0f), 0, 0, 0, 1]);
      await send(datagram);
    }
    await expectServes(node);
  });

  it("a peer whose key is not Ed25519 gets no channel", async () => {
    const node = await open();
    node.handle(PROTOCOL, () => expect.unreachable("a peer without an identity got a channel"));
    const peer = await stranger("secp256k1");
    for (const address of node.addresses()) {
      const stream = peer.dialProtocol(multiaddr(address), PROTOCOL, { signal: AbortSignal.timeout(20_000) });
      await expect(stream).rejects.toThrow();
    }
    await expectServes(node);
  });

  it.each(["udp", "tcp"] as const)("what breaks the framing aborts its channel only (%s)", async (kind) => {
    const node = await open();
    const address = multiaddr(node.addresses().find((one) => one.includes(`/${kind}/`)));
    const peer = await stranger();
    const good = encodeFrame(new Uint8Array([9]));
    const tooLarge = Buffer.alloc(1000, 0xff);
    const overByOne = Buffer.alloc(4);
    overByOne.writeUInt32BE(FRAME_BYTES_MAX + 1, 0);
    for (const bad of [tooLarge, overByOne, Buffer.alloc(4)]) {
      const accepted = accept(node);
      const stream = await peer.dialProtocol(address, PROTOCOL);
      stream.send(Buffer.concat([good, bad]));
      const channel = await accepted;
      // Frames before the bad one may be dropped with it.
      expect((await readAll(channel)).length).toBeLessThanOrEqual(1);
      expect(channel.closed).toBe(true);
    }
    await expectServes(node);
  });

  it.each(["udp", "tcp"] as const)("a cut in the middle of a frame ends the frames (%s)", async (kind) => {
    const node = await open();
    const address = multiaddr(node.addresses().find((one) => one.includes(`/${kind}/`)));
    const part = Buffer.concat([
      encodeFrame(new Uint8Array([9])),
      encodeFrame(new Uint8Array(1000)).subarray(0, 500),
    ]);
    const cuts: ((stream: Stream, peer: Libp2p) => unknown)[] = [
      async (stream) => await stream.close(),
      (stream) => stream.abort(new Error("cut")),
      (_, peer) => peer.getConnections().forEach((connection) => connection.abort(new Error("cut"))),
    ];
    for (const cut of cuts) {
      const peer = await stranger();
      const accepted = accept(node);
      const stream = await peer.dialProtocol(address, PROTOCOL);
      stream.send(part);
      const frames = (await accepted).frames[Symbol.asyncIterator]();
      expect((await frames.next()).value).toEqual(new Uint8Array([9]));
      await cut(stream, peer);
      expect((await frames.next()).done).toBe(true);
    }
    await expectServes(node);
  });

  it("a peer that opens channels without end gets no more than the limit", async () => {
    const node = await open();
    const channels: Channel[] = [];
    node.handle(PROTOCOL, (channel) => void channels.push(channel));
    const peer = await stranger();
    const connection = await peer.dial(multiaddr(node.addresses().at(-1)));
    for (let index = 0; index < 300; index++) {
      await connection.newStream(PROTOCOL, { maxOutboundStreams: 1000 }).catch(() => undefined);
    }
    expect(channels.length).toBe(256);
    await expectServes(node);
  });
});

describe("broken networks", () => {
  it("both ends see a TCP connection that dies in the middle of a transfer", async () => {
    const [a, b] = [await open(), await open()];
    const sockets: Socket[] = [];
    const proxy = createServer((inner) => {
      const outer = connectSocket(portOf(b, "tcp"), "127.0.0.1");
      for (const socket of [inner, outer]) socket.on("error", () => undefined);
      sockets.push(inner, outer);
      inner.pipe(outer).pipe(inner);
    });
    closers.push(() => proxy.close());
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const { port } = proxy.address() as { port: number };

    const accepted = accept(b);
    const near = await a.open(b.self, PROTOCOL, { addresses: [`/ip4/127.0.0.1/tcp/${port}`] });
    const far = await accepted;
    const sending = (async () => {
      for (;;) await near.send(randomBytes(100_000));
    })();
    sending.catch(() => undefined);
    const atNear = readAll(near);
    const frames = far.frames[Symbol.asyncIterator]();
    await frames.next();
    for (const socket of sockets) socket.resetAndDestroy();
    for (let result = await frames.next(); result.done !== true;) result = await frames.next();
    expect(await codeOf(sending)).toBe("closed");
    expect(await atNear).toEqual([]);
    await far.close();
    expect([near.closed, far.closed]).toEqual([true, true]);
    // The next channel takes a new connection.
    const again = await a.open(b.self, PROTOCOL, { addresses: b.addresses() });
    expect(again.closed).toBe(false);
  });
});

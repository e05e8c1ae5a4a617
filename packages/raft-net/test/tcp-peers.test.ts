import { readFileSync } from "node:fs";
import { connect, Socket } from "node:net";
import { join } from "node:path";
import { LatticeError } from "@lattice/model";
import { logIndex, memberId, NO_INDEX, PackWriter, term, type MemberId, type Message } from "@lattice/raft";
import { describe, expect, it, vi } from "vitest";
import { HEADER_BYTES, sealFrame } from "../src/frame.ts";
import { Lane, VERSION } from "../src/hello.ts";
import { introduce } from "../src/introduction.ts";
import {
  listenTcpPeers,
  type PeerAddress,
  type PeerCredentials,
  type PeerEvents,
  type TcpPeers,
} from "../src/index.ts";
import { writePacket, type Packet } from "../src/packet.ts";
import { CLUSTER, TcpNetwork } from "./tcp-network.ts";

const [ANN, BOB, CAT] = [memberId(1), memberId(2), memberId(3)];
const NOW = () => ({ signal: new AbortController().signal });
const HEARTBEAT = { type: "heartbeat", term: term(1), commit: logIndex(0), round: 1 } as const;
const FREE: PeerAddress = { host: "127.0.0.1", port: 0, tls: false };

describe("calls", () => {
  it("are answered, with what the handler answers or throws", async () => {
    await using network = new TcpNetwork();
    const { ann, bob } = await pair(network);
    bob.handle("echo", (request, { member }) => Buffer.from([member, ...request]));
    bob.handle("fail", () => {
      throw new LatticeError("disk-full", "no room", { details: { reason: "no-space" } });
    });
    expect(Buffer.from(await ann.call(BOB, "echo", Buffer.from([7]), NOW()))).toEqual(Buffer.from([1, 7]));
    const failure = await rejection(ann.call(BOB, "fail", Buffer.from([7]), NOW()));
    expect(failure).toMatchObject({ code: "disk-full", message: "no room", details: { reason: "no-space" } });
    expect(await rejection(ann.call(BOB, "nothing", Buffer.from([]), NOW()))).toMatchObject({
      code: "unimplemented",
    });
  });

  it("fail at once where there is no connection, and as unknown where it breaks", async () => {
    await using network = new TcpNetwork();
    const { ann, bob } = await pair(network);
    expect(await rejection(ann.call(memberId(9), "echo", Buffer.from([]), NOW()))).toMatchObject({
      code: "unavailable",
      details: { outcome: "not-sent" },
    });
    const called = Promise.withResolvers<void>();
    bob.handle("hang", () => {
      called.resolve();
      return new Promise(() => {});
    });
    const answer = rejection(ann.call(BOB, "hang", Buffer.from([]), NOW()));
    await called.promise;
    await bob.close();
    expect(await answer).toMatchObject({ code: "unavailable", details: { outcome: "unknown" } });
    expect(await rejection(ann.call(BOB, "hang", Buffer.from([]), NOW()))).toMatchObject({
      details: { outcome: "not-sent" },
    });
  });

  it("can be given up", async () => {
    await using network = new TcpNetwork();
    const { ann, bob } = await pair(network);
    bob.handle("hang", () => new Promise(() => {}));
    const controller = new AbortController();
    const answer = rejection(ann.call(BOB, "hang", Buffer.from([]), { signal: controller.signal }));
    controller.abort();
    expect(await answer).toMatchObject({ code: "cancelled" });
  });

  it("of one who is no member reach open methods, and no others", async () => {
    await using network = new TcpNetwork();
    const { bob } = await pair(network);
    bob.handle("open", (_, { member }) => Buffer.from([member]), { isOpen: true });
    bob.handle("closed", () => Buffer.from([]));
    const [address] = bob.addresses;
    const ask = (method: string) =>
      introduce(address!, undefined, { method, request: Buffer.from([]), ...NOW() });
    const { cluster, member, answer } = await ask("open");
    expect([cluster, member, answer[0]]).toEqual([CLUSTER, BOB, 0]);
    expect(await rejection(ask("closed"))).toMatchObject({ code: "permission-denied" });
    const nobody = { ...FREE, port: 1 };
    const failure = rejection(
      introduce(nobody, undefined, { method: "open", request: Buffer.from([]), ...NOW() }),
    );
    expect(await failure).toMatchObject({ code: "unavailable", details: { outcome: "not-sent" } });
  });
});

describe("a hello is refused", () => {
  it("by another cluster", async () => {
    await using network = new TcpNetwork();
    const { bob } = await pair(network);
    expect(await refusalOf({ cluster: 0xdead, id: CAT, to: BOB, at: bob })).toEqual([
      BOB,
      "wrong-cluster",
      "this is a member of cluster c1, not of dead",
    ]);
  });

  it("by another member than it is for", async () => {
    await using network = new TcpNetwork();
    const { bob } = await pair(network);
    const refusal = await refusalOf({ cluster: CLUSTER, id: ANN, to: memberId(99), at: bob });
    expect(refusal).toEqual([BOB, "wrong-member", "this is member 2, not 63"]);
  });

  it("of one who was removed, who learns it; one who is not known yet is let in later", async () => {
    await using network = new TcpNetwork();
    const { ann, bob } = await pair(network);
    const known = new Map([[ANN, ann.addresses]]);
    bob.setPeers(known, logIndex(20));
    const removed = await refusalOf({ cluster: CLUSTER, id: CAT, to: BOB, at: bob, asOf: 19 });
    expect(removed).toEqual([BOB, "removed", "3 is no member of cluster c1 by entry 20"]);
    const events = inbox();
    await using cat = await listenTcpPeers({ cluster: CLUSTER, id: CAT, listen: [FREE], events });
    cat.setPeers(new Map([[BOB, bob.addresses]]), logIndex(21));
    bob.setPeers(new Map([...known, [CAT, cat.addresses]]), logIndex(22));
    await until(() => cat.connected.includes(BOB));
    expect(events.refusals).toEqual([]);
  });

  it("also after it was accepted, once it is no member any more", async () => {
    await using network = new TcpNetwork();
    const events = inbox();
    const ann = await network.join(ANN, events);
    const bob = await network.join(BOB, inbox());
    await until(() => ann.connected.includes(BOB));
    bob.setPeers(new Map(), logIndex(5));
    await until(() => events.refusals.length > 0);
    expect(events.refusals[0]).toEqual([BOB, "removed", "1 is no member of cluster c1 by entry 5"]);
    expect(events.losses).toEqual([]);
  });

  it("where it is no hello, or too long a one: the connection is closed", async () => {
    await using network = new TcpNetwork();
    const { bob } = await pair(network);
    const endless = Buffer.alloc(HEADER_BYTES);
    endless.writeUInt32BE(0x7fffffff, 0);
    const early = packetBytes({ kind: "call", number: 1, method: "open", request: Buffer.from([]) });
    for (const bytes of [Buffer.from("GET / HTTP/1.1\r\n\r\n"), endless, early, Buffer.alloc(5000, 7)]) {
      const socket = connect(bob.addresses[0]!.port, "127.0.0.1");
      socket.on("error", () => {});
      socket.write(bytes);
      await new Promise((resolve) => socket.once("close", resolve));
      expect(socket.bytesRead).toBe(0);
    }
  });

  it("of another version", async () => {
    await using network = new TcpNetwork();
    const { bob } = await pair(network);
    const socket = connect(bob.addresses[0]!.port, "127.0.0.1");
    const hello = { version: VERSION + 1, cluster: CLUSTER, from: ANN, to: BOB, lane: Lane.STREAM };
    socket.write(packetBytes({ kind: "hello", hello }));
    let text = "";
    socket.on("data", (piece) => (text += piece.toString("latin1")));
    await new Promise((resolve) => socket.once("close", resolve));
    expect(text).toContain("members here speak version 1, not 2");
  });
});

describe("connections", () => {
  it("come back when the other one does, at another address as well", async () => {
    await using network = new TcpNetwork();
    const { ann, bob } = await pair(network);
    for (let round = 0; round < 3; round++) {
      await network.members.get(BOB)!.close();
      await until(() => !ann.connected.includes(BOB));
      const back = inbox();
      await network.join(BOB, back);
      await until(() => ann.connected.includes(BOB));
      ann.send({ ...HEARTBEAT, from: ANN, to: BOB, round });
      await until(() => back.messages.length > 0);
      expect(back.messages[0]).toMatchObject({ from: ANN, to: BOB, round });
    }
    await bob.close();
  });

  it("are opened at once to one who opens one", async () => {
    await using network = new TcpNetwork();
    const { ann, bob } = await pair(network);
    const [address] = bob.addresses;
    await bob.close();
    await until(() => !ann.connected.includes(BOB));
    const events = inbox();
    await using back = await listenTcpPeers({ cluster: CLUSTER, id: BOB, listen: [address!], events });
    back.setPeers(new Map([[ANN, ann.addresses]]), NO_INDEX);
    await until(() => ann.connected.includes(BOB) && back.connected.includes(ANN));
    expect(events.refusals).toEqual([]);
  });

  it("take what was sent in one turn in one write", async () => {
    await using network = new TcpNetwork();
    const { ann, bobs } = await pair(network);
    const write = vi.spyOn(Socket.prototype, "write");
    try {
      for (let round = 0; round < 10; round++) ann.send({ ...HEARTBEAT, from: ANN, to: BOB, round });
      ann.flush();
      expect(write).toHaveBeenCalledTimes(1);
    } finally {
      write.mockRestore();
    }
    await until(() => bobs.messages.length === 10);
    expect(bobs.messages.map((message) => "round" in message && message.round)).toEqual([
      ...Array(10).keys(),
    ]);
  });

  it("drop what nobody takes, and what is sent after that still comes", async () => {
    await using network = new TcpNetwork();
    const { ann, bobs } = await pair(network);
    const data = new Uint8Array(4 << 20);
    const membership = { voters: [ANN], outgoing: [], learners: [], learnersNext: [] };
    const snapshot = { index: logIndex(9), term: term(1), membership, sizeBytes: data.length, checksum: 1 };
    const chunk = { type: "snapshot", term: term(1), snapshot, offset: 0, data, round: 1 } as const;
    for (let count = 0; count < 40; count++) ann.send({ ...chunk, from: ANN, to: BOB });
    ann.send({ ...HEARTBEAT, from: ANN, to: BOB });
    await until(() => bobs.messages.some(({ type }) => type === "heartbeat"));
    await until(() => bobs.messages.some(({ type }) => type === "snapshot"));
    expect(bobs.messages.length).toBeLessThan(41);
  });
});

describe("with certificates", () => {
  it("members of one authority speak with each other, and nobody else does", async () => {
    await using network = new TcpNetwork(credentials("member"));
    const { ann, bob, bobs } = await pair(network);
    ann.send({ ...HEARTBEAT, from: ANN, to: BOB });
    await until(() => bobs.messages.length > 0);
    bob.handle("open", () => Buffer.from("yes"), { isOpen: true });
    const [address] = bob.addresses;
    const call = { method: "open", request: Buffer.from([]), ...NOW() };
    const { answer } = await introduce(address!, credentials("member"), call);
    expect(Buffer.from(answer).toString()).toBe("yes");
    const stranger = { ...credentials("stranger"), ca: credentials("member").ca };
    expect(await rejection(introduce(address!, stranger, call))).toMatchObject({ code: "unavailable" });
    expect(await rejection(introduce(address!, { ...credentials("stranger") }, call))).toMatchObject({
      code: "unavailable",
    });
    expect(await rejection(introduce({ ...address!, tls: false }, undefined, call))).toMatchObject({
      code: "unavailable",
    });
  });
});

it("an address that is taken is refused", async () => {
  await using network = new TcpNetwork();
  const { bob } = await pair(network);
  const listen = [...bob.addresses];
  const second = listenTcpPeers({ cluster: CLUSTER, id: CAT, listen, events: inbox() });
  expect(await rejection(second)).toMatchObject({ code: "in-use" });
});

/** Machines are slow at times. */
function until(isSo: () => boolean): Promise<unknown> {
  return vi.waitUntil(isSo, { timeout: 60_000, interval: 5 });
}

function credentials(name: string): PeerCredentials {
  const pem = (file: string) => readFileSync(join(import.meta.dirname, "certificates", file));
  return { key: pem(`${name}.key`), cert: pem(`${name}.crt`), ca: pem("cluster.crt") };
}

interface Inbox extends PeerEvents {
  readonly messages: Message[];
  readonly losses: MemberId[];
  readonly refusals: unknown[][];
}

function inbox(): Inbox {
  const messages: Message[] = [];
  const losses: MemberId[] = [];
  const refusals: unknown[][] = [];
  return {
    messages,
    losses,
    refusals,
    received: (message) => messages.push(message),
    lost: (member) => losses.push(member),
    refused: (...refusal) => refusals.push(refusal),
  };
}

async function pair(network: TcpNetwork): Promise<{ ann: TcpPeers; bob: TcpPeers; bobs: Inbox }> {
  const bobs = inbox();
  const ann = await network.join(ANN, inbox());
  const bob = await network.join(BOB, bobs);
  await until(() => ann.connected.includes(BOB) && bob.connected.includes(ANN));
  return { ann, bob, bobs };
}

async function refusalOf(as: {
  cluster: number;
  id: MemberId;
  to: MemberId;
  at: TcpPeers;
  asOf?: number;
}): Promise<unknown[]> {
  const events = inbox();
  await using peers = await listenTcpPeers({ cluster: as.cluster, id: as.id, listen: [FREE], events });
  peers.setPeers(new Map([[as.to, as.at.addresses]]), logIndex(as.asOf ?? 0));
  await until(() => events.refusals.length > 0);
  return events.refusals[0]!;
}

async function rejection(promise: Promise<unknown>): Promise<LatticeError> {
  return promise.then(
    () => {
      throw new Error("it did not reject");
    },
    (error: unknown) => error as LatticeError,
  );
}

function packetBytes(packet: Packet): Buffer {
  const writer = new PackWriter();
  writer.skip(HEADER_BYTES);
  writePacket(writer, packet);
  const bytes = Buffer.from(writer.written);
  sealFrame(bytes, 0);
  return bytes;
}

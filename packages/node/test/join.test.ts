import { LatticeError, toHex, utf8, type PubKey } from "@lattice/model";
import { sync } from "@lattice/proto";
import {
  decodeFrame,
  encodeFrame,
  JOIN_PROTOCOL,
  requestJoin,
  SYNC_PROTOCOL,
  type Frame,
} from "@lattice/sync";
import { decodeInviteToken, encodeInviteToken, Role } from "@lattice/systemstore";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Door } from "../src/door.ts";
import { type Node } from "../src/index.ts";
import { FakeClock } from "@lattice/testkit";
import { codeOf, createRoot, eventually, get, join2, Mesh, put, redeem, turns, until } from "./mesh.ts";

const unhandled: unknown[] = [];
const note = (reason: unknown) => void unhandled.push(reason);
beforeAll(() => void process.on("unhandledRejection", note));
afterAll(() => {
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

async function errorOf(work: Promise<unknown>): Promise<LatticeError> {
  return LatticeError.from(
    await work.then(
      () => new Error("it did not fail"),
      (error: unknown) => error,
    ),
  );
}

/** The same token with another secret. */
function wrong(token: string, at: number): string {
  return encodeInviteToken({ ...decodeInviteToken(token), secret: new Uint8Array(32).fill(at + 1) });
}

describe("the door", () => {
  it("closes after five wrong secrets within a minute, to that peer, for ten minutes", () => {
    const clock = new FakeClock();
    const door = new Door(clock);
    const [peer, other] = [new Uint8Array(32).fill(1) as PubKey, new Uint8Array(32).fill(2) as PubKey];
    for (let at = 0; at < 4; at++) door.noteWrong(peer);
    clock.advance(60_000);
    for (let at = 0; at < 4; at++) door.noteWrong(peer);
    door.assertOpen(peer);
    door.noteWrong(peer);
    expect(() => door.assertOpen(peer)).toThrow("ten minutes");
    door.assertOpen(other);
    clock.advance(10 * 60_000 - 1);
    expect(() => door.assertOpen(peer)).toThrow("ten minutes");
    clock.advance(1);
    door.assertOpen(peer);
  });
});

describe("an invite", () => {
  it("with a wrong secret is refused, and after the fifth the right one as well, for ten minutes", async () => {
    const clock = new FakeClock();
    await using mesh = new Mesh({ clock });
    const [alice, bob, carol] = [await mesh.node("alice"), await mesh.node("bob"), await mesh.node("carol")];
    const store = await createRoot(alice);
    const { token } = await alice.invite(store, { role: Role.WRITER, expiresInMs: 0 });
    for (let at = 0; at < 5; at++) expect(await codeOf(redeem(bob, wrong(token, at)))).toBe("invite-invalid");
    const closed = await errorOf(redeem(bob, token));
    expect([closed.code, closed.message]).toEqual([
      "resource-exhausted",
      expect.stringContaining("ten minutes"),
    ]);
    await join2(alice, store, carol);
    clock.advance(10 * 60_000);
    await redeem(bob, token);
    expect(bob.entries().length).toBe(1);
  });

  it("tells why it is refused", async () => {
    const clock = new FakeClock();
    await using mesh = new Mesh({ clock });
    const [alice, bob, carol] = [await mesh.node("alice"), await mesh.node("bob"), await mesh.node("carol")];
    const store = await createRoot(alice);
    const invite = { role: Role.WRITER, expiresInMs: 60_000 };
    const [used, takenBack, expired] = [
      await alice.invite(store, invite),
      await alice.invite(store, invite),
      await alice.invite(store, invite),
    ];
    await redeem(carol, used.token);
    await store.submitSystem({ oneofKind: "uninvite", uninvite: { secretHash: takenBack.secretHash } });
    const told = async (token: string) => {
      const { code, message } = await errorOf(redeem(bob, token));
      return `${code}: ${message}`;
    };
    expect(await told(used.token)).toMatch(/^invite-used: .*somebody else/);
    expect(await told(takenBack.token)).toMatch(/^invite-invalid: .*taken back/);
    expect(await told(wrong(used.token, 1))).toMatch(/^invite-invalid: .*does not know/);
    expect(await told(used.token.slice(0, -3))).toMatch(/^invite-invalid: .*damaged/);
    expect(await told("nonsense")).toMatch(/^invite-invalid: .*starts with/);
    clock.advance(60_000);
    expect(await told(expired.token)).toMatch(/^invite-expired: /);
    // Whoever asks all the same hears the same from the inviter.
    const forged = encodeInviteToken({ ...decodeInviteToken(expired.token), expiresMs: clock.now() + 1 });
    expect(await told(forged)).toMatch(/^invite-expired: /);
    expect(bob.entries()).toEqual([]);
  });

  it("is made by an admin only, for no higher role, and for a sound time", async () => {
    await using mesh = new Mesh();
    const [alice, bob, carol] = [await mesh.node("alice"), await mesh.node("bob"), await mesh.node("carol")];
    const store = await createRoot(alice);
    const bobs = await join2(alice, store, bob, Role.ADMIN);
    const carols = await join2(alice, store, carol, Role.WRITER);
    const make = (node: Node, role: Role, expiresInMs = 0) =>
      codeOf(node.invite(node === bob ? bobs : node === carol ? carols : store, { role, expiresInMs }));
    expect(await make(carol, Role.READER)).toBe("permission-denied");
    expect(await make(bob, Role.OWNER)).toBe("permission-denied");
    expect(await make(bob, Role.ADMIN)).toBe("none");
    expect(await make(alice, Role.UNSPECIFIED)).toBe("invalid-argument");
    expect(await make(alice, 9 as Role)).toBe("invalid-argument");
    for (const ms of [-1, 0.5, Number.NaN, Infinity])
      expect(await make(alice, Role.READER, ms)).toBe("invalid-argument");
    const child = (await alice.createStore({ name: "child", type: "", parent: store })).store!;
    expect(await codeOf(alice.invite(child, { role: Role.READER, expiresInMs: 0 }))).toBe(
      "failed-precondition",
    );
  });

  it("lets a node in whose name is far too long, under a shorter one", async () => {
    await using mesh = new Mesh();
    const alice = await mesh.node("alice");
    const store = await createRoot(alice);
    const { token } = await alice.invite(store, { role: Role.WRITER, expiresInMs: 0 });
    const { genesisHash, secret } = decodeInviteToken(token);
    await using transport = mesh.network.transport(mesh.signer("mallory").publicKey);
    const channel = await transport.open(alice.self, JOIN_PROTOCOL);
    const request = { genesisHash, secret, nodeName: "ü".repeat(5000), addresses: ["/memory/x"] };
    const grant = await requestJoin(channel, { clock: new FakeClock(), ...request });
    expect(toHex(grant.genesis.body)).toBe(toHex(store.log.at(1).intention.body));
    expect(store.system.roleNow(transport.self)).toBe(Role.WRITER);
    expect(store.system.memberName(transport.self).length).toBe(64);
  });
});

describe("a join", () => {
  it("that was answered, and then broke off, can be done again, also by a node that has started anew", async () => {
    await using mesh = new Mesh();
    const [alice, bob] = [await mesh.node("alice"), await mesh.node("bob")];
    const store = await createRoot(alice);
    await put(store, "k", "v");
    const { token } = await alice.invite(store, { role: Role.WRITER, expiresInMs: 0 });
    const steps: string[] = [];
    for await (const step of bob.join(token)) {
      steps.push(step.stage);
      if (step.stage === "admitted") break;
    }
    expect(steps).toEqual(["connecting", "admitted"]);
    await bob.close();
    const again = await mesh.node("bob");
    const his = await redeem(again, token);
    expect(await get(his, "k")).toBe("v");
    expect(again.entries().length).toBe(1);
  });

  it("whose answer was lost can be done again", async () => {
    await using mesh = new Mesh();
    const alice = await mesh.node("alice");
    const store = await createRoot(alice);
    const { token } = await alice.invite(store, { role: Role.WRITER, expiresInMs: 0 });
    const { genesisHash, secret } = decodeInviteToken(token);
    const transport = mesh.network.transport(mesh.signer("bob").publicKey);
    const channel = await transport.open(alice.self, JOIN_PROTOCOL);
    await channel.send(
      sync.JoinRequest.toBinary({ version: 1, genesisHash, secret, nodeName: "bob", addresses: [] }),
    );
    await until([store], () => store.system.roleNow(transport.self) === Role.WRITER);
    channel.abort();
    await transport.close();
    const bob = await mesh.node("bob");
    await redeem(bob, token);
    expect(store.system.members().length).toBe(2);
  });

  it("that cannot reach the inviter says so, and can be tried again at once", async () => {
    await using mesh = new Mesh();
    const [alice, bob] = [await mesh.node("alice"), await mesh.node("bob")];
    const store = await createRoot(alice);
    const { token } = await alice.invite(store, { role: Role.WRITER, expiresInMs: 0 });
    mesh.network.cut(alice.self, bob.self);
    expect((await errorOf(redeem(bob, token))).code).toBe("unavailable");
    mesh.network.heal(alice.self, bob.self);
    await redeem(bob, token);
  });

  it("with an inviter that never answers ends when it is cancelled, and when its time is over", async () => {
    const clock = new FakeClock();
    await using mesh = new Mesh({ clock });
    const [alice, bob] = [await mesh.node("alice"), await mesh.node("bob")];
    const store = await createRoot(alice);
    const { token } = await alice.invite(store, { role: Role.WRITER, expiresInMs: 0 });
    await alice.close();
    await using silent = mesh.network.transport(mesh.signer("alice").publicKey);
    let opened = 0;
    silent.handle(JOIN_PROTOCOL, () => void (opened += 1));
    const cancel = new AbortController();
    const first = errorOf(drain(bob.join(token, { signal: cancel.signal })));
    await eventually(() => opened === 1);
    cancel.abort();
    expect((await first).code).toBe("cancelled");
    const second = errorOf(redeem(bob, token));
    await eventually(() => opened === 2);
    await turns();
    clock.advance(30_000);
    expect((await second).code).toBe("unavailable");
    expect(bob.entries()).toEqual([]);
  });

  it("with an inviter that answers nonsense, or with another store, says so and leaves nothing behind", async () => {
    await using mesh = new Mesh();
    const [alice, bob] = [await mesh.node("alice"), await mesh.node("bob")];
    const [store, another] = [await createRoot(alice), await createRoot(alice, "another")];
    const { token } = await alice.invite(store, { role: Role.WRITER, expiresInMs: 0 });
    const { intention, signature } = another.log.at(1);
    await alice.close();
    await using liar = mesh.network.transport(mesh.signer("alice").publicKey);
    const peers = [{ peer: new Uint8Array(5000), addresses: ["/memory/x"] }];
    const accepted = { genesisBody: intention.body, genesisSignature: signature!, peers };
    const answers: [Uint8Array, string][] = [
      [utf8("nonsense that is no answer"), "unavailable"],
      [sync.JoinReply.toBinary({ reply: { oneofKind: undefined } }), "unavailable"],
      [sync.JoinReply.toBinary({ reply: { oneofKind: "accepted", accepted } }), "invite-invalid"],
      [
        sync.JoinReply.toBinary({
          reply: { oneofKind: "refused", refused: { code: "made-up", message: "x".repeat(9999) } },
        }),
        "permission-denied",
      ],
    ];
    for (const [answer, code] of answers) {
      // An empty frame cannot be sent.
      liar.handle(
        JOIN_PROTOCOL,
        (channel) => void channel.send(answer.length > 0 ? answer : Uint8Array.of(8)).catch(() => undefined),
      );
      const error = await errorOf(redeem(bob, token));
      expect(error.code).toBe(code);
      expect(error.message.length).toBeLessThan(600);
    }
    expect(bob.entries()).toEqual([]);
  });

  it("takes nothing but sound addresses from the inviter", async () => {
    await using mesh = new Mesh();
    const [alice, bob] = [await mesh.node("alice"), await mesh.node("bob")];
    const store = await createRoot(alice);
    const { token } = await alice.invite(store, { role: Role.WRITER, expiresInMs: 0 });
    const { intention, signature } = store.log.at(1);
    await alice.close();
    await using liar = mesh.network.transport(mesh.signer("alice").publicKey);
    const peers = [
      { peer: new Uint8Array(5000), addresses: ["/memory/x"] },
      { peer: mesh.signer("carol").publicKey, addresses: ["x".repeat(100_000)] },
      { peer: mesh.signer("dave").publicKey, addresses: ["/memory/dave"] },
    ];
    const accepted = { genesisBody: intention.body, genesisSignature: signature!, peers };
    const answer = sync.JoinReply.toBinary({ reply: { oneofKind: "accepted", accepted } });
    liar.handle(JOIN_PROTOCOL, (channel) => void channel.send(answer).catch(() => undefined));
    // There is nobody to sync with, and it says so.
    expect((await errorOf(redeem(bob, token))).message).toContain("first sync failed");
    expect(bob.addressesOf(mesh.signer("carol").publicKey)).toEqual([]);
    expect(bob.addressesOf(mesh.signer("dave").publicKey)).toEqual(["/memory/dave"]);
  });

  it("into a store that is here and cannot be opened says why", async () => {
    await using mesh = new Mesh();
    const [alice, bob] = [await mesh.node("alice"), await mesh.node("bob")];
    const store = await createRoot(alice);
    const { token } = await alice.invite(store, { role: Role.WRITER, expiresInMs: 0 });
    const his = await redeem(bob, token);
    // As after damage: the store has said that it failed.
    const failing = his as unknown as { system: { members: () => never } };
    failing.system.members = () => {
      throw new LatticeError("corrupt", "state.db is damaged");
    };
    await put(store, "k", "v");
    await bob.setName("bob").catch(() => undefined);
    mesh.network.cut(alice.self, bob.self);
    await eventually(() => bob.entries()[0]!.store === undefined);
    expect(bob.warnings()[0]).toContain("damaged");
    mesh.network.heal(alice.self, bob.self);
    expect((await errorOf(redeem(bob, token))).code).toBe("failed-precondition");
  });
});

describe("a stranger", () => {
  it("is refused alike, whether the store is there or not, and hears nothing of it", async () => {
    await using mesh = new Mesh();
    const alice = await mesh.node("alice");
    const store = await createRoot(alice);
    await using stranger = mesh.network.transport(mesh.signer("stranger").publicKey);
    const heard: string[] = [];
    for (const genesisHash of [store.genesisHash, new Uint8Array(32)]) {
      const channel = await stranger.open(alice.self, SYNC_PROTOCOL);
      const hello = {
        version: 1,
        genesisHash,
        fingerprint: new Uint8Array(40),
        frontierDigest: new Uint8Array(32),
      };
      await channel.send(encodeFrame({ oneofKind: "hello", hello }));
      const frames: Frame[] = [];
      for await (const frame of channel.frames) frames.push(decodeFrame(frame));
      heard.push(JSON.stringify(frames));
      expect(frames.map(({ oneofKind }) => oneofKind)).toEqual(["refused"]);
    }
    expect(heard[0]).toBe(heard[1]);
    const answers: string[] = [];
    for (const genesisHash of [store.genesisHash, new Uint8Array(32)]) {
      const channel = await stranger.open(alice.self, JOIN_PROTOCOL);
      const request = {
        genesisHash: genesisHash as never,
        secret: new Uint8Array(32),
        nodeName: "",
        addresses: [],
      };
      const { code, message } = await errorOf(requestJoin(channel, { clock: new FakeClock(), ...request }));
      answers.push(`${code} ${message}`);
    }
    expect(answers[0]).toBe(answers[1]);
  });
});

describe("addresses", () => {
  it("of a member are not changed by what another member says", async () => {
    await using mesh = new Mesh();
    const [alice, bob, carol] = [await mesh.node("alice"), await mesh.node("bob"), await mesh.node("carol")];
    const store = await createRoot(alice);
    await join2(alice, store, carol);
    await join2(alice, store, bob);
    const before = alice.addressesOf(carol.self);
    expect(before.length).toBe(1);
    await bob.close();
    await using mallory = mesh.network.transport(bob.self);
    const channel = await mallory.open(alice.self, SYNC_PROTOCOL);
    const fingerprint = store.log.head.setSum.encode();
    const hello = {
      version: 1,
      genesisHash: store.genesisHash,
      fingerprint,
      frontierDigest: store.log.frontierDigest(),
    };
    const peers = [
      { peer: carol.self, addresses: ["/memory/somewhere-else"] },
      { peer: bob.self, addresses: ["/memory/where-bob-is-now"] },
    ];
    await channel.send(encodeFrame({ oneofKind: "hello", hello }));
    await channel.send(encodeFrame({ oneofKind: "addresses", addresses: { peers } }));
    await eventually(() => alice.addressesOf(bob.self)[0] === "/memory/where-bob-is-now");
    expect(alice.addressesOf(carol.self)).toEqual(before);
    channel.abort();
  });
});

async function drain(steps: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of steps);
}

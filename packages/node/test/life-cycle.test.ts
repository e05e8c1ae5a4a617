import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatStoreId, LatticeError, toHex } from "@lattice/model";
import { JOIN_PROTOCOL } from "@lattice/sync";
import { Role } from "@lattice/systemstore";
import type { Store } from "@lattice/kernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FakeClock } from "@lattice/testkit";
import { codeOf, createRoot, eventually, get, join2, Mesh, put, redeem, turns, until } from "./mesh.ts";

const unhandled: unknown[] = [];
const note = (reason: unknown) => void unhandled.push(reason);
beforeAll(() => void process.on("unhandledRejection", note));
afterAll(() => {
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

function stateOf(store: Store): string {
  return `${toHex(store.log.head.setSum.encode())} ${toHex(store.digest())}`;
}

/** Two nodes that share a store and a child of it. */
async function shared(mesh: Mesh) {
  const [alice, bob] = [await mesh.node("alice"), await mesh.node("bob")];
  const hers = await createRoot(alice);
  const his = await join2(alice, hers, bob);
  await alice.createStore({ name: "child", type: "", parent: hers });
  await eventually(() => bob.entries().length === 2);
  return { alice, bob, hers, his };
}

describe("a store whose rebuild has lost what admitted the others", () => {
  it("asks those whom the node remembers, and is written to only when all of it is back", async () => {
    await using mesh = new Mesh();
    const alice = await mesh.node("alice");
    const hers = await createRoot(alice);
    for (let index = 0; index < 40; index++) await put(hers, `k${index}`, `value number ${index}.`);
    const bob = await mesh.node("bob");
    const his = await join2(alice, hers, bob);
    await eventually(() => bob.livePeers(his).length === 1);
    await alice.close();

    const log = join(mesh.directoryOf("alice"), "stores", formatStoreId(hers.id), "intentions", "log.db");
    const bytes = readFileSync(log);
    bytes.write("XXXX", bytes.indexOf("value number 20."));
    writeFileSync(log, bytes);

    const again = await mesh.node("alice");
    mesh.network.cut(again.self, bob.self);
    const { entry, log: rebuilt } = await again.rebuild(again.resolve(formatStoreId(hers.id)));
    expect(rebuilt.lost).not.toEqual([]);
    expect(await codeOf(put(entry.store!, "k", "v"))).toBe("unavailable");

    mesh.network.heal(again.self, bob.self);
    const store = again.open(formatStoreId(hers.id));
    await again.sync(store);
    await eventually(() => stateOf(store) === stateOf(his));
    await eventually(() => !store.replica.isBehindItself);
    await put(store, "k", "v");
    expect(store.log.forkCount()).toBe(0);
    await until([his], async () => (await get(his, "k")) === "v");
  });
});

describe("a store that is rebuilt while its peers are there", () => {
  it("comes back with all of it, its sessions too, and so does its child", async () => {
    await using mesh = new Mesh();
    const { alice, bob, his } = await shared(mesh);
    const child = bob.open("child");
    await put(his, "k", "v");
    await put(child, "k", "v");
    await alice.sync(alice.open("notes"));
    await alice.sync(alice.open("child"));
    const rebuilding = alice.rebuild(alice.resolve("notes"));
    // Meanwhile the child goes on, though nobody knows its members.
    await put(child, "meanwhile", "v");
    await put(his, "meanwhile", "v");
    const { entry, log } = await rebuilding;
    expect(log.lost).toEqual([]);
    expect(entry.store).toBeDefined();
    const again = alice.open("notes");
    await eventually(() => alice.livePeers(again).length === 1);
    await alice.sync(again);
    await until([again], async () => (await get(again, "meanwhile")) === "v");
    expect(stateOf(again)).toBe(stateOf(his));
    const herChild = alice.open("child");
    await eventually(() => alice.livePeers(herChild).length === 1);
    await alice.sync(herChild);
    await until([herChild], async () => (await get(herChild, "meanwhile")) === "v");
    expect(stateOf(herChild)).toBe(stateOf(child));
    expect(herChild.replica.floating.count).toBe(0);
  });

  it("leaves nothing of its children waiting that came meanwhile", async () => {
    await using mesh = new Mesh({ clock: new FakeClock() });
    const { alice, bob } = await shared(mesh);
    const [hers, his] = [alice.open("child"), bob.open("child")];
    await bob.sync(his);
    mesh.network.cut(alice.self, bob.self);
    await put(his, "meanwhile", "v");
    const { intention, signature } = his.log.at(his.log.head.wseq);
    const rebuilding = alice.rebuild(alice.resolve("notes"));
    await hers.ingest([{ body: intention.body, signature }]);
    expect(hers.replica.floating.count).toBe(1);
    await rebuilding;
    expect(hers.replica.floating.count).toBe(0);
    expect(stateOf(hers)).toBe(stateOf(his));
  });

  it("is rebuilt once at a time", async () => {
    await using mesh = new Mesh();
    const { alice, his } = await shared(mesh);
    const entry = alice.resolve("notes");
    const first = alice.rebuild(entry);
    expect(await codeOf(alice.rebuild(entry))).toBe("failed-precondition");
    await first;
    await alice.rebuild(entry);
    await put(his, "k", "v");
    const again = alice.open("notes");
    await until([again], async () => (await get(again, "k")) === "v");
  });
});

describe("a node that is closed", () => {
  it.each([0, 1, 2, 3, 5, 8, 13, 21, 34, 55])(
    "%i turns into a join leaves nothing running, and can be started again",
    async (count) => {
      const clock = new FakeClock();
      await using mesh = new Mesh({ clock });
      const [alice, bob] = [await mesh.node("alice"), await mesh.node("bob")];
      const store = await createRoot(alice);
      await put(store, "k", "v");
      const { token } = await alice.invite(store, { role: Role.WRITER, expiresInMs: 0 });
      const joining = codeOf(redeem(bob, token));
      await turns(count);
      await bob.close();
      expect(["none", "closed", "unavailable"]).toContain(await joining);
      // What is open is locked: it can be opened again only if it was closed.
      const again = await mesh.node("bob");
      const his = await redeem(again, token);
      expect(stateOf(his)).toBe(stateOf(store));
      await again.close();
      await alice.close();
      expect(clock.timerCount).toBe(0);
    },
  );

  it("begins nothing any more", async () => {
    await using mesh = new Mesh();
    const [alice, bob] = [await mesh.node("alice"), await mesh.node("bob")];
    const store = await createRoot(alice);
    const { token } = await alice.invite(store, { role: Role.WRITER, expiresInMs: 0 });
    await bob.close();
    expect(await codeOf(redeem(bob, token))).toBe("closed");
    expect(await codeOf(bob.createStore({ name: "x", type: "", parent: undefined }))).toBe("closed");
    await bob.close();
  });

  it("while it is asked to sync says so at once", async () => {
    const clock = new FakeClock();
    await using mesh = new Mesh({ clock });
    const { alice, bob, his } = await shared(mesh);
    mesh.network.cut(alice.self, bob.self);
    await eventually(() => bob.livePeers().length === 0);
    const syncing = bob.sync(his);
    await bob.close();
    expect((await syncing)[0]!.error).not.toBe("");
  });

  it("does not wait for a stranger who opened a channel to join and says nothing", async () => {
    await using mesh = new Mesh();
    const alice = await mesh.node("alice");
    await using stranger = mesh.network.transport(mesh.signer("stranger").publicKey);
    const channel = await stranger.open(alice.self, JOIN_PROTOCOL);
    await turns();
    await alice.close();
    expect(channel.closed).toBe(true);
  });
});

describe("a sync that is cancelled", () => {
  it("ends at once, before it began as well", async () => {
    await using mesh = new Mesh({ clock: new FakeClock() });
    const { bob, his } = await shared(mesh);
    const [result] = await bob.sync(his, {
      signal: AbortSignal.abort(new LatticeError("cancelled", "enough")),
    });
    expect(result!.error).not.toBe("");
  });
});

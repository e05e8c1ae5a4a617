import { createGenesis } from "@lattice/kernel";
import { HybridClock, sha256, systemClock, systemRandom, toHex, utf8 } from "@lattice/model";
import { describe, expect, it } from "vitest";
import { codeOf, createRoot, eventually, get, join2, Mesh, put, redeem, until } from "./mesh.ts";
import { Role } from "@lattice/systemstore";

describe("two nodes", () => {
  it("show what each wrote while they could not see each other", async () => {
    await using mesh = new Mesh();
    const [alice, bob] = [await mesh.node("alice"), await mesh.node("bob")];
    const hers = await createRoot(alice);
    const his = await join2(alice, hers, bob);
    mesh.network.cut(alice.self, bob.self);
    await put(hers, "a", "from alice");
    await put(his, "b", "from bob");
    await put(hers, "both", "alice's");
    await put(his, "both", "bob's");
    mesh.network.heal(alice.self, bob.self);
    await bob.sync(his);
    expect(await get(hers, "b")).toBe("from bob");
    expect(await get(his, "a")).toBe("from alice");
    expect(await get(hers, "both")).toBe(await get(his, "both"));
    expect(toHex(hers.digest())).toBe(toHex(his.digest()));
  });

  it("push what is written live", async () => {
    await using mesh = new Mesh();
    const [alice, bob] = [await mesh.node("alice"), await mesh.node("bob")];
    const hers = await createRoot(alice);
    const his = await join2(alice, hers, bob);
    await put(hers, "k", "v");
    await until([his], async () => (await get(his, "k")) === "v");
    expect(toHex(his.digest())).toBe(toHex(hers.digest()));
  });

  it("carry a child store to members, with their rights", async () => {
    await using mesh = new Mesh();
    const [alice, bob] = [await mesh.node("alice"), await mesh.node("bob")];
    const hers = await createRoot(alice);
    await join2(alice, hers, bob);
    const child = (await alice.createStore({ name: "child", type: "", parent: hers })).store!;
    await put(child, "k", "v");
    await eventually(() => bob.entries().length === 2);
    const bobs = bob.open("child");
    await bob.sync(bobs);
    await until([bobs], async () => (await get(bobs, "k")) === "v");
    await put(bobs, "k2", "from bob");
    await until([child], async () => (await get(child, "k2")) === "from bob");
    expect(toHex(child.digest())).toBe(toHex(bobs.digest()));
  });
});

describe("a child store", () => {
  it("is begun only where its genesis names the parent that tells of it", async () => {
    await using mesh = new Mesh();
    const [ann, bob] = [await mesh.node("ann"), await mesh.node("bob")];
    const store = await createRoot(ann);
    const other = await createRoot(ann, "other");
    await join2(ann, store, bob);
    const signer = mesh.signer("ann");
    const before = [ann, bob].map((node) => node.entries().length);
    for (const parent of [other.genesisHash, sha256(utf8("none")), undefined]) {
      const genesis = createGenesis({
        type: store.type,
        signer,
        hlc: new HybridClock(systemClock),
        random: systemRandom,
        parent,
      });
      const { body: genesisBody, signature } = genesis;
      const childAdd = { genesisBody, genesisSignature: signature!, alias: "strange" };
      await store.submitSystem({ oneofKind: "childAdd", childAdd });
    }
    await ann.createStore({ name: "real", type: "", parent: store });
    await eventually(() => bob.entries().length > before[1]!);
    expect([ann, bob].map((node) => node.entries().length)).toEqual(before.map((count) => count + 1));
  });
});

describe("a third node", () => {
  it("learns of the second through the first, and reaches it without the first", async () => {
    await using mesh = new Mesh();
    const [alice, bob, carol] = [await mesh.node("alice"), await mesh.node("bob"), await mesh.node("carol")];
    const hers = await createRoot(alice);
    const bobs = await join2(alice, hers, bob);
    const carols = await join2(alice, hers, carol);
    mesh.network.cut(alice.self, carol.self);
    mesh.network.cut(alice.self, bob.self);
    await bob.sync(bobs);
    await put(bobs, "k", "v");
    await until([carols], async () => (await get(carols, "k")) === "v");
    expect(toHex(bobs.digest())).toBe(toHex(carols.digest()));
  });
});

describe("an invite", () => {
  it("lets in one node once, and that one again if it asks again", async () => {
    await using mesh = new Mesh();
    const [alice, bob, carol] = [await mesh.node("alice"), await mesh.node("bob"), await mesh.node("carol")];
    const store = await createRoot(alice);
    const { token } = await alice.invite(store, { role: Role.WRITER, expiresInMs: 0 });
    await redeem(bob, token);
    expect(await codeOf(redeem(carol, token))).toBe("invite-used");
    await redeem(bob, token);
  });

  it("is refused when it has expired, is damaged, or is not known", async () => {
    await using mesh = new Mesh();
    const [alice, bob] = [await mesh.node("alice"), await mesh.node("bob")];
    const store = await createRoot(alice);
    const { token } = await alice.invite(store, { role: Role.WRITER, expiresInMs: 1 });
    await until([store], () => true);
    expect(await codeOf(redeem(bob, `${token.slice(0, -1)}${token.endsWith("a") ? "b" : "a"}`))).toBe(
      "invite-invalid",
    );
    expect(await codeOf(redeem(bob, "lattice1"))).toBe("invite-invalid");
  });

  it("for a reader gives no right to write", async () => {
    await using mesh = new Mesh();
    const [alice, bob] = [await mesh.node("alice"), await mesh.node("bob")];
    const hers = await createRoot(alice);
    await put(hers, "k", "v");
    const his = await join2(alice, hers, bob, Role.READER);
    expect(await get(his, "k")).toBe("v");
    expect(await codeOf(put(his, "k", "w"))).toBe("permission-denied");
  });
});

describe("a node that starts again", () => {
  it("has its stores and finds its peers", async () => {
    await using mesh = new Mesh();
    const [alice, bob] = [await mesh.node("alice"), await mesh.node("bob")];
    const hers = await createRoot(alice);
    await join2(alice, hers, bob);
    await bob.close();
    await put(hers, "k", "v");
    const again = await mesh.node("bob");
    const his = again.open("notes");
    await until([his], async () => (await get(his, "k")) === "v");
    expect(toHex(his.digest())).toBe(toHex(hers.digest()));
  });
});

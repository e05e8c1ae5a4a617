import { toHex, utf8 } from "@lattice/model";
import { describe, expect, it } from "vitest";
import { BATCH_BYTES_MAX, KEY_BYTES_MAX, VALUE_BYTES_MAX } from "@lattice/kvstore";
import { get, inConflict, keys, put, remove, replica, type KvReplica } from "./replica.ts";

describe("put and delete", () => {
  it("set, replace and remove a key", async () => {
    const alice = replica("alice");
    const { hash } = await put(alice, "city", "Bern");
    expect(hash).toHaveLength(32);
    await put(alice, "city", "Basel");
    expect(await get(alice, "city")).toBe("Basel");
    await remove(alice, "city");
    expect(await get(alice, "city")).toBeUndefined();
    expect(await keys(alice)).toEqual([]);
  });

  it("write nothing to remove what is not there", async () => {
    const alice = replica("alice");
    expect(await remove(alice, "city")).toEqual({ hash: new Uint8Array() });
    await put(alice, "city", "Bern");
    await remove(alice, "city");
    await remove(alice, "city");
    expect(alice.log).toHaveLength(2);
  });

  it("keep an empty value apart from none", async () => {
    const alice = replica("alice");
    await put(alice, "empty", "");
    expect(await get(alice, "empty")).toBe("");
  });

  it("say the limit and the size of what is too large", async () => {
    const alice = replica("alice");
    const key = new Uint8Array(KEY_BYTES_MAX).fill(1);
    const value = new Uint8Array(VALUE_BYTES_MAX);
    await alice.methods.put({ key, value });
    await expect(alice.methods.put({ key: new Uint8Array(KEY_BYTES_MAX + 1), value })).rejects.toMatchObject({
      code: "too-large",
      message: "the key has 4097 bytes; at most 4096 are allowed",
    });
    await expect(
      alice.methods.put({ key, value: new Uint8Array(VALUE_BYTES_MAX + 1) }),
    ).rejects.toMatchObject({
      code: "too-large",
      message: expect.stringContaining("has 524289 bytes; at most 524288 (512 KiB) are allowed"),
    });
    await expect(alice.methods.put({ value })).rejects.toMatchObject({ code: "invalid-argument" });
    expect(alice.log).toHaveLength(1);
  });

  it("end a conflict that the writer has seen", async () => {
    const { alice, bob } = await inConflict("city");
    expect((await alice.methods.get({ key: utf8("city") })).conflicted).toBe(true);
    await put(alice, "city", "agreed");
    bob.pull(alice);
    expect(await get(bob, "city")).toBe("agreed");
    expect((await bob.methods.get({ key: utf8("city") })).conflicted).toBe(false);
  });
});

describe("a condition", () => {
  it("lets a write through where the heads are those named", async () => {
    const alice = replica("alice");
    const { hash } = await put(alice, "city", "Bern");
    await put(alice, "city", "Basel", [toHex(hash)]);
    expect(await get(alice, "city")).toBe("Basel");
  });

  it("takes the first digits of a hash, in either case", async () => {
    const alice = replica("alice");
    const { hash } = await put(alice, "city", "Bern");
    await remove(alice, "city", [toHex(hash).slice(0, 8).toUpperCase()]);
    expect(await get(alice, "city")).toBeUndefined();
  });

  it("refuses with the present heads where they are others", async () => {
    const alice = replica("alice");
    const first = await put(alice, "city", "Bern");
    const second = await put(alice, "city", "Basel");
    await expect(put(alice, "city", "Chur", [toHex(first.hash)])).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining(toHex(second.hash).slice(0, 12)),
      details: { heads: toHex(second.hash) },
    });
    await expect(remove(alice, "city", [toHex(first.hash)])).rejects.toMatchObject({ code: "conflict" });
    expect(await get(alice, "city")).toBe("Basel");
  });

  it("must name every head", async () => {
    const { alice } = await inConflict("city");
    const hashes = await headHashes(alice, "city");
    await expect(put(alice, "city", "x", [hashes[0]!])).rejects.toMatchObject({ code: "conflict" });
    await expect(put(alice, "city", "x", [hashes[0]!, hashes[0]!])).rejects.toMatchObject({
      code: "conflict",
    });
    await put(alice, "city", "x", [...hashes].reverse());
    expect(await get(alice, "city")).toBe("x");
  });

  it("none wants a key that does not exist", async () => {
    const alice = replica("alice");
    await put(alice, "city", "Bern", ["none"]);
    await expect(put(alice, "city", "Basel", ["none"])).rejects.toMatchObject({ code: "conflict" });
    await remove(alice, "city");
    await put(alice, "city", "Basel", ["none"]);
    expect(await get(alice, "city")).toBe("Basel");
  });

  it("that is no hash is told so", async () => {
    const alice = replica("alice");
    for (const condition of [["xyz"], [""], ["none", "ab"]]) {
      await expect(put(alice, "city", "x", condition)).rejects.toMatchObject({ code: "invalid-argument" });
    }
  });

  it("that fits several heads is ambiguous", async () => {
    const alice = replica("alice");
    // More heads than there are first digits.
    for (let count = 0; count < 17; count++) {
      const other = replica(`author ${count}`);
      await put(other, "city", `${count}`);
      alice.pull(other);
    }
    const digits = (await headHashes(alice, "city")).map((hash) => hash[0]!);
    const shared = digits.find((digit, index) => digits.indexOf(digit) !== index)!;
    await expect(put(alice, "city", "x", [shared])).rejects.toMatchObject({ code: "ambiguous" });
  });
});

describe("batch", () => {
  it("sets and removes several keys in one op", async () => {
    const alice = replica("alice");
    await put(alice, "a", "old");
    await alice.methods.batch({
      writes: [
        { key: utf8("a"), delete: true },
        { key: utf8("b"), value: utf8("new") },
        { key: utf8("c"), delete: true },
      ],
    });
    expect(await keys(alice)).toEqual(["b"]);
    expect(alice.log).toHaveLength(2);
  });

  it("lets the last write of a key win", async () => {
    const alice = replica("alice");
    await alice.methods.batch({
      writes: [
        { key: utf8("a"), value: utf8("1") },
        { key: utf8("a"), delete: true },
        { key: utf8("a"), value: utf8("3") },
      ],
    });
    expect(await get(alice, "a")).toBe("3");
    expect((await alice.methods.inspect({ key: utf8("a") })).heads).toHaveLength(1);
  });

  it("writes all or nothing", async () => {
    const alice = replica("alice");
    const writes = [{ key: utf8("a"), value: utf8("1") }, { key: new Uint8Array() }];
    await expect(alice.methods.batch({ writes })).rejects.toMatchObject({ code: "invalid-argument" });
    expect(alice.log).toHaveLength(0);
  });

  it("is refused when it is empty, contradicts itself or is too large", async () => {
    const alice = replica("alice");
    await expect(alice.methods.batch({})).rejects.toMatchObject({ code: "invalid-argument" });
    const both = { key: utf8("a"), value: utf8("1"), delete: true };
    await expect(alice.methods.batch({ writes: [both] })).rejects.toMatchObject({ code: "invalid-argument" });
    const value = new Uint8Array(VALUE_BYTES_MAX);
    const large = ["a", "b"].map((key) => ({ key: utf8(key), value }));
    await expect(alice.methods.batch({ writes: large })).rejects.toMatchObject({
      code: "too-large",
      message: expect.stringContaining(`${BATCH_BYTES_MAX}`),
    });
  });
});

describe("resolve", () => {
  it("keeps the head that was chosen", async () => {
    const { alice, bob } = await inConflict("city");
    const loser = (await headHashes(alice, "city"))[1]!;
    await alice.methods.resolve({ key: utf8("city"), head: loser.slice(0, 10) });
    bob.pull(alice);
    expect(await get(bob, "city")).toBe("of alice");
    expect((await bob.methods.get({ key: utf8("city") })).conflicted).toBe(false);
  });

  it("keeps a removal that was chosen", async () => {
    const alice = replica("alice");
    const bob = replica("bob");
    await put(alice, "city", "Bern");
    bob.pull(alice);
    const { hash } = await remove(alice, "city");
    await put(bob, "city", "Basel");
    alice.pull(bob);
    await alice.methods.resolve({ key: utf8("city"), head: toHex(hash) });
    expect(await get(alice, "city")).toBeUndefined();
  });

  it("takes a new value, an empty one as well", async () => {
    const { alice } = await inConflict("city");
    await alice.methods.resolve({ key: utf8("city"), value: new Uint8Array() });
    expect(await get(alice, "city")).toBe("");
  });

  it("says what is wrong with the choice", async () => {
    const { alice } = await inConflict("city");
    const key = utf8("city");
    const [head] = await headHashes(alice, "city");
    const other = (head!.startsWith("0") ? "1" : "0").repeat(64);
    await expect(alice.methods.resolve({ key, head: other })).rejects.toMatchObject({ code: "not-found" });
    await expect(alice.methods.resolve({ key })).rejects.toMatchObject({ code: "invalid-argument" });
    await expect(alice.methods.resolve({ key, head: head!, value: key })).rejects.toMatchObject({
      code: "invalid-argument",
    });
    await put(alice, "city", "agreed");
    await expect(alice.methods.resolve({ key, head: head! })).rejects.toMatchObject({
      code: "failed-precondition",
    });
  });
});

async function headHashes(on: KvReplica, key: string): Promise<string[]> {
  const { heads } = await on.methods.inspect({ key: utf8(key) });
  return heads.map((head) => toHex(head.hash));
}

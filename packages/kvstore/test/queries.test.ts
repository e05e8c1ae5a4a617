import { toHex, utf8 } from "@lattice/model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { get, inConflict, keys, put, remove, replica, text, type KvReplica } from "./replica.ts";

async function withKeys(...names: string[]): Promise<KvReplica> {
  const alice = replica("alice");
  for (const name of names) await put(alice, name, `value of ${name}`);
  return alice;
}

describe("get", () => {
  it("of an unknown key has no value", async () => {
    const reply = await replica("alice").methods.get({ key: utf8("nothing") });
    expect(reply.value).toBeUndefined();
    expect(reply.conflicted).toBe(false);
  });

  it("shows a conflict where the winner is a removal", async () => {
    const alice = await withKeys("city");
    const bob = replica("bob");
    bob.pull(alice);
    await put(alice, "city", "Bern");
    await put(bob, "other", "makes the removal the later one");
    await remove(bob, "city");
    alice.pull(bob);
    const reply = await alice.methods.get({ key: utf8("city") });
    expect([reply.value, reply.conflicted]).toEqual([undefined, true]);
    expect(await keys(alice)).toEqual(["other"]);
  });

  it("refuses a key that cannot be", async () => {
    const { methods } = replica("alice");
    await expect(methods.get({})).rejects.toMatchObject({ code: "invalid-argument" });
    await expect(methods.get({ key: new Uint8Array(4097) })).rejects.toMatchObject({ code: "too-large" });
  });
});

describe("list", () => {
  it("gives keys and values in order", async () => {
    const { entries, next } = await (await withKeys("b", "a", "c")).methods.list({});
    expect(entries.map((entry) => [text(entry.key), text(entry.value)])).toEqual([
      ["a", "value of a"],
      ["b", "value of b"],
      ["c", "value of c"],
    ]);
    expect(next).toHaveLength(0);
  });

  it("keeps to a prefix, a range, and both", async () => {
    const alice = await withKeys("a", "b1", "b2", "b3", "c");
    expect(await keys(alice, { prefix: utf8("b") })).toEqual(["b1", "b2", "b3"]);
    expect(await keys(alice, { from: utf8("b2"), to: utf8("c") })).toEqual(["b2", "b3"]);
    expect(await keys(alice, { prefix: utf8("b"), from: utf8("a"), to: utf8("b3") })).toEqual(["b1", "b2"]);
    expect(await keys(alice, { from: utf8("c"), to: utf8("b") })).toEqual([]);
    expect(await keys(alice, { prefix: utf8("b"), from: utf8("c") })).toEqual([]);
  });

  it("reads a prefix that ends in the greatest byte", async () => {
    const alice = replica("alice");
    const prefix = new Uint8Array([0xff, 0xff]);
    await alice.methods.put({ key: new Uint8Array([0xff, 0xff, 1]), value: utf8("in") });
    await put(alice, "a", "out");
    expect((await alice.methods.list({ prefix })).entries).toHaveLength(1);
    expect((await alice.methods.count({ prefix })).count).toBe(1n);
  });

  it("leaves the request as it was, a Buffer as well", async () => {
    const prefix = Buffer.from("b");
    await (await withKeys("b")).methods.list({ prefix });
    expect(prefix.toString()).toBe("b");
  });

  it("ends a page before its bytes outgrow a reply", async () => {
    const alice = replica("alice");
    const value = new Uint8Array(512 << 10);
    for (let index = 0; index < 10; index++) await alice.methods.put({ key: utf8(`${index}`), value });
    const { entries, next } = await alice.methods.list({});
    expect(entries.length).toBeLessThan(8);
    expect(text(next)).toBe(text(entries.at(-1)!.key));
  });

  it("gives, page by page and in either direction, every key of the range once", async () => {
    const name = fc.stringMatching(/^[ab]{1,3}$/);
    const bound = fc.oneof(fc.constant(""), name);
    const request = fc.record({
      prefix: bound,
      from: bound,
      to: bound,
      reverse: fc.boolean(),
      limit: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name), fc.uniqueArray(name), request, async (names, removed, asked) => {
        const alice = await withKeys(...names);
        for (const each of removed) await remove(alice, each);
        const { prefix, from, to, reverse, limit } = asked;
        const expected = names
          .filter((each) => !removed.includes(each) && each.startsWith(prefix))
          .filter((each) => each >= from && (to === "" || each < to))
          .sort();
        if (reverse) expected.reverse();
        const found: string[] = [];
        let cursor: Uint8Array = new Uint8Array();
        do {
          const bounds = { prefix: utf8(prefix), from: utf8(from), to: utf8(to) };
          const page = await alice.methods.list({ ...bounds, reverse, limit, cursor });
          expect(page.entries.length).toBeLessThanOrEqual(limit);
          found.push(...page.entries.map((entry) => text(entry.key)));
          cursor = page.next;
        } while (cursor.length > 0);
        expect(found).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });
});

describe("count", () => {
  it("counts keys that have a value", async () => {
    const alice = await withKeys("a", "b1", "b2");
    await remove(alice, "b1");
    expect((await alice.methods.count({})).count).toBe(2n);
    expect((await alice.methods.count({ prefix: utf8("b") })).count).toBe(1n);
  });
});

describe("inspect", () => {
  it("shows every head, the winner first", async () => {
    const { alice, bob } = await inConflict("city");
    const { heads } = await alice.methods.inspect({ key: utf8("city") });
    expect(heads.map((head) => [toHex(head.author), text(head.value)])).toEqual([
      [toHex(bob.author), "of bob"],
      [toHex(alice.author), "of alice"],
    ]);
    expect(heads[0]!.timestamp).toBeGreaterThan(heads[1]!.timestamp);
  });

  it("shows a removal as a head without a value", async () => {
    const alice = await withKeys("city");
    await remove(alice, "city");
    const { heads } = await alice.methods.inspect({ key: utf8("city") });
    expect(heads.map((head) => head.value)).toEqual([undefined]);
  });
});

describe("history", () => {
  it("gives all writes of a key, the latest first", async () => {
    const { alice, bob } = await inConflict("city");
    await put(alice, "unrelated", "x");
    await put(alice, "city", "agreed");
    await remove(alice, "city");
    bob.pull(alice);
    const { writes, next } = await bob.methods.history({ key: utf8("city") });
    expect(writes.map((write) => text(write.value))).toEqual([undefined, "agreed", "of bob", "of alice"]);
    expect(next).toHaveLength(0);
    expect((await bob.methods.history({ key: utf8("nothing") })).writes).toEqual([]);
  });

  it("gives the same in pages of any length", async () => {
    const { alice, bob } = await inConflict("city");
    for (const round of [1, 2, 3]) {
      await put(alice, "city", `alice ${round}`);
      await put(bob, "city", `bob ${round}`);
      alice.pull(bob);
      bob.pull(alice);
    }
    const whole = await alice.methods.history({ key: utf8("city") });
    expect(whole.writes).toHaveLength(8);
    for (const limit of [1, 2, 3]) {
      const found = [];
      let cursor: Uint8Array = new Uint8Array();
      do {
        const page = await alice.methods.history({ key: utf8("city"), limit, cursor });
        found.push(...page.writes);
        cursor = page.next;
      } while (cursor.length > 0);
      expect(found).toEqual(whole.writes);
    }
  });

  it("passes over what forged ops name", async () => {
    const alice = await withKeys("city", "other");
    const foreign = alice.log[1]!.op.id;
    const phantom = foreign.slice().fill(7, 8);
    alice.submit({ writes: [{ key: utf8("city"), value: utf8("forged"), supersedes: [foreign, phantom] }] });
    const { writes } = await alice.methods.history({ key: utf8("city") });
    expect(writes.map((write) => text(write.value))).toEqual(["forged", "value of city"]);
    expect(await get(alice, "other")).toBe("value of other");
  });

  it("refuses a cursor that is none", async () => {
    const alice = await withKeys("city");
    const cursor = new Uint8Array(39);
    await expect(alice.methods.history({ key: utf8("city"), cursor })).rejects.toMatchObject({
      code: "invalid-argument",
    });
  });

  it("misses no write, whoever wrote at once", async () => {
    const steps = fc.array(fc.record({ by: fc.nat(2), pull: fc.nat(2), removal: fc.boolean() }), {
      maxLength: 25,
    });
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const all = ["a", "b", "c"].map(replica);
        for (const { by, pull, removal } of script) {
          all[by]!.pull(all[pull]!);
          await (removal ? remove(all[by]!, "k") : put(all[by]!, "k", "v"));
        }
        for (const other of all) all[0]!.pull(other);
        const { writes } = await all[0]!.methods.history({ key: utf8("k") });
        const expected = all[0]!.log.map((entry) => toHex(entry.op.hash)).sort();
        expect(writes.map((write) => toHex(write.hash)).sort()).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });
});

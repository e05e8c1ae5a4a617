import { idHash, toHex, utf8 } from "@lattice/model";
import type { Contest } from "@lattice/store";
import { expect, it } from "vitest";
import { kvstore } from "../src/index.ts";
import { get, inConflict, put, remove, replica, text, type KvReplica } from "./replica.ts";

function explain(on: KvReplica, key: string): Contest {
  return kvstore.explain!(on.queryContext(), utf8(key));
}

it("names the heads of a key, the one that counts first, and the rule", async () => {
  const { alice, bob } = await inConflict("city");
  const { heads, rule } = explain(alice, "city");
  expect(heads.map(({ value }) => text(value))).toEqual(["of bob", "of alice"]);
  expect(rule).toContain("latest time");
  expect(explain(bob, "city")).toEqual(explain(alice, "city"));
});

it("offers a call for each head that leaves that one, and no other", async () => {
  for (const index of [0, 1]) {
    const { alice } = await inConflict("city");
    const { heads, resolutions } = explain(alice, "city");
    const { method, request, text: says } = resolutions[index]!;
    expect([method, says]).toEqual(["resolve", `keep "${text(heads[index]!.value)}"`]);
    await alice.methods.resolve(request);
    expect(await get(alice, "city")).toBe(text(heads[index]!.value));
    expect(explain(alice, "city").resolutions).toEqual([]);
  }
});

it("shows a value of several lines as text, too", async () => {
  const alice = replica("alice");
  const bob = replica("bob");
  await put(alice, "poem", "first\n\tsecond");
  bob.pull(alice);
  await put(bob, "poem", "other");
  await put(alice, "poem", "first\n\tsecond, better");
  alice.pull(bob);
  const says = explain(alice, "poem").resolutions.map(({ text }) => text);
  expect(says.toSorted()).toEqual(['keep "first\\n\\tsecond, better"', 'keep "other"']);
});

it("offers to leave a key removed", async () => {
  const alice = replica("alice");
  await put(alice, "city", "Bern");
  const bob = replica("bob");
  bob.pull(alice);
  await put(alice, "city", "Basel");
  await remove(bob, "city");
  alice.pull(bob);
  const { heads, resolutions } = explain(alice, "city");
  const removal = heads.findIndex(({ value }) => value === undefined);
  expect(resolutions[removal]!.text).toBe("leave it removed");
  await alice.methods.resolve(resolutions[removal]!.request);
  expect(await get(alice, "city")).toBeUndefined();
});

it("gives enough of each hash to tell it from the others", async () => {
  const { alice } = await inConflict("city");
  const { heads, resolutions } = explain(alice, "city");
  const given = resolutions.map(({ request }) => (request as { head: string }).head);
  const hashes = heads.map(({ id }) => toHex(idHash(id)));
  given.forEach((digits, index) => {
    expect(digits.length).toBeGreaterThanOrEqual(8);
    expect(hashes.filter((hash) => hash.startsWith(digits))).toEqual([hashes[index]]);
  });
});

it("has nothing to end where there is one head, and nothing at all where none was written", async () => {
  const alice = replica("alice");
  await put(alice, "city", "Bern");
  expect(explain(alice, "city")).toMatchObject({ heads: [{}], resolutions: [] });
  expect(explain(alice, "other")).toMatchObject({ heads: [], resolutions: [] });
  expect(() => explain(alice, "")).toThrow("key");
});

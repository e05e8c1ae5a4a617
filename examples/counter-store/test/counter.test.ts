import { describeStore, MemoryReplica } from "@lattice/testkit";
import fc from "fast-check";
import { expect, it } from "vitest";
import { counter } from "../src/index.ts";

describeStore(counter, {
  ops: fc.record({ name: fc.constantFrom("a", "b"), delta: fc.bigInt({ min: -3n, max: 3n }) }),
});

it("loses no count of two members who move a counter apart", async () => {
  const [alice, bob] = ["alice", "bob"].map((author) => new MemoryReplica(counter, { author }));
  await alice!.methods.increment({ name: "votes", amount: 5n });
  await bob!.methods.decrement({ name: "votes" });
  alice!.pull(bob!);
  expect(await alice!.methods.get({ name: "votes" })).toEqual({ value: 4n });
});

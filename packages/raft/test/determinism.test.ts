/**
 * A member is a function of what it is told: twice the same calls, twice the same answers. And a clone is told apart from the
 * original by nothing.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { logIndex, memberId, Raft } from "@lattice/raft";
import { World } from "./harness/world.ts";

type Step =
  | { readonly do: "deliver" | "drop" | "double"; readonly pick: number }
  | { readonly do: "pass"; readonly ms: number }
  | { readonly do: "jump" }
  | { readonly do: "hold" | "write" | "release" | "restart"; readonly id: number }
  | {
      readonly do: "propose" | "read" | "campaign" | "transfer" | "add" | "remove" | "snapshot";
      readonly id: number;
    };

const id = fc.integer({ min: 1, max: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 30, arbitrary: fc.record({ do: fc.constant("deliver" as const), pick: fc.nat(3) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom("drop" as const, "double" as const), pick: fc.nat(20) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.constantFrom(30, 100, 400, 1300) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("jump" as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom("hold" as const, "write" as const, "release" as const, "restart" as const),
      id,
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom("propose" as const, "read" as const), id }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "campaign" as const,
        "transfer" as const,
        "add" as const,
        "remove" as const,
        "snapshot" as const,
      ),
      id,
    }),
  },
);

const lives = fc.record({
  steps: fc.array(step, { minLength: 80, maxLength: 300 }),
  lease: fc.constantFrom(undefined, { driftMax: 0.1 }),
});

interface Life {
  readonly steps: readonly Step[];
  readonly lease: { readonly driftMax: number } | undefined;
}

/** What becomes of a cluster of three, and a fourth that may join. */
function live({ steps, lease }: Life, isChanceDrawn = false): World {
  const options = { lease, chunkBytesMax: 3, messageEntriesMax: 2, inflightMessagesMax: 2 };
  const world = new World({ voters: [1, 2, 3], options, isChanceDrawn });
  world.join(4);
  for (const each of steps) perform(world, each);
  return world;
}

function perform(world: World, each: Step): void {
  if (each.do === "pass") return world.pass(each.ms);
  if (each.do === "jump") return world.jump(700);
  if ("pick" in each) {
    const message = world.inFlight[each.pick % Math.max(1, world.inFlight.length)];
    if (message === undefined) return undefined;
    if (each.do === "double") world.inFlight.push(message);
    else world.inFlight.splice(world.inFlight.indexOf(message), 1);
    if (each.do === "deliver") world.deliverOne(message);
    return undefined;
  }
  const member = world.member(each.id);
  const leader = world.leader ?? each.id;
  const it = memberId(each.id);
  switch (each.do) {
    case "hold":
      return member.holdDisk();
    case "write":
      return member.pendingCount > 0 ? member.finishWrite() : undefined;
    case "release":
      return member.releaseDisk();
    case "restart":
      return world.restart(each.id);
    case "propose":
      return void world.propose(leader, "x", "yz");
    case "read":
      return world.read(each.id);
    case "campaign":
      return world.campaign(each.id);
    case "transfer":
      return void world.transfer(leader, each.id);
    case "add":
      return void world.change(leader, { kind: "add-voter", member: it });
    case "remove":
      return void world.change(leader, { kind: "remove", member: it });
    case "snapshot":
      if (member.applied > (member.raft.snapshot?.index ?? 0)) member.takeSnapshot(member.applied, 1);
      return undefined;
  }
}

it("property: the same calls give the same answers, whatever befalls the member", () => {
  fc.assert(
    fc.property(lives, (life) => {
      for (const member of live(life, true).members.values()) {
        const twin = member.twin();
        for (const { run, answer } of member.calls) expect(run(twin)).toEqual(answer);
        expect(twin.status()).toEqual(member.raft.status());
      }
    }),
    { numRuns: 150 },
  );
});

it("property: from any moment on a clone answers as the original does, and neither disturbs the other", () => {
  fc.assert(
    fc.property(lives, fc.nat(), (life, at) => {
      // Chance is fixed: original and clone would draw from one source.
      for (const member of live(life).members.values()) {
        const original = member.twin();
        const { calls } = member;
        const moment = at % (calls.length + 1);
        for (const { run } of calls.slice(0, moment)) run(original);
        const clone = original.clone();
        const before = original.status();
        for (const { run, answer } of calls.slice(moment)) expect(run(clone)).toEqual(answer);
        expect(clone.status()).toEqual(member.raft.status());
        expect(original.status()).toEqual(before);
        for (const { run, answer } of calls.slice(moment)) expect(run(original)).toEqual(answer);
      }
    }),
    { numRuns: 150 },
  );
});

it("property: what befalls a cluster breaks no promise, and when it ends there is a leader again", () => {
  let committed = 0;
  fc.assert(
    fc.property(lives, (life) => {
      const world = live(life, true);
      for (const member of world.members.values()) member.releaseDisk();
      world.run(6000);
      const { leader } = world;
      expect(leader).toBeDefined();
      const { commit } = world.status(leader!);
      world.propose(leader!, "end");
      world.run(200);
      expect(world.status(leader!).commit).toBeGreaterThan(commit);
      expect(world.member(leader!).words.at(-1)).toBe("end");
      committed += commit;
    }),
    { numRuns: 300 },
  );
  expect(committed).toBeGreaterThan(600);
});

it("a clone draws nothing that the original would have drawn", () => {
  let drawn = 0;
  const persisted = new World({ voters: [1, 2, 3] }).member(1).persisted;
  const random = (): number => drawn++ / 1000;
  const raft = new Raft({ id: memberId(1), persisted, applied: logIndex(1), random, nowMs: 0 });
  const before = drawn;
  raft.clone();
  expect(drawn).toBe(before);
});

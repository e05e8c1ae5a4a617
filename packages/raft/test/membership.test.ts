import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  changeMembership,
  isJoint,
  isMember,
  isVoter,
  leaveJoint,
  memberId,
  membershipOf,
  membersOf,
  sameMembership,
  type Membership,
  type MembershipChange,
  type MemberId,
} from "@lattice/raft";

const ids = (numbers: readonly number[]): MemberId[] => numbers.map(memberId);
const KINDS = ["add-voter", "add-learner", "remove"] as const;
const change = fc.record({
  kind: fc.constantFrom(...KINDS),
  member: fc.integer({ min: 1, max: 6 }).map(memberId),
});

function after(before: Membership, changes: readonly MembershipChange[]): Membership {
  const next = changeMembership(before, changes);
  if (typeof next === "string") throw new Error(next);
  return next;
}

/** The invariants that `membership.ts` states, and the shape that it gives to lists. */
function checkInvariants(membership: Membership): void {
  const { voters, outgoing, learners, learnersNext } = membership;
  for (const list of [voters, outgoing, learners, learnersNext]) {
    expect(list).toEqual([...new Set(list)].toSorted((a, b) => a - b));
  }
  expect(voters.length).toBeGreaterThan(0);
  for (const id of learners) expect(isVoter(membership, id)).toBe(false);
  for (const id of learnersNext) expect([outgoing.includes(id), voters.includes(id)]).toEqual([true, false]);
  if (!isJoint(membership)) expect(learnersNext).toEqual([]);
}

function majoritiesOf(voters: readonly MemberId[]): MemberId[][] {
  const sets = Array.from({ length: 2 ** voters.length }, (_, bits) =>
    voters.filter((_id, at) => (bits >> at) & 1),
  );
  return sets.filter((set) => set.length * 2 > voters.length);
}

/** All sets that decide: a majority of each side. */
function quorumsOf(membership: Membership): Set<MemberId>[] {
  const outgoing = isJoint(membership) ? majoritiesOf(membership.outgoing) : [[]];
  return majoritiesOf(membership.voters).flatMap((one) =>
    outgoing.map((other) => new Set([...one, ...other])),
  );
}

function checkOverlap(before: Membership, next: Membership): void {
  for (const one of quorumsOf(before)) {
    for (const other of quorumsOf(next)) {
      if (!one.isDisjointFrom(other)) continue;
      throw new Error(`${[...one].join(" ")} and ${[...other].join(" ")} decide without each other`);
    }
  }
}

describe("a change of voters", () => {
  it("goes through a membership that has both", () => {
    const joint = after(membershipOf(ids([1, 2, 3])), [{ kind: "add-voter", member: memberId(4) }]);
    expect(joint).toEqual({ voters: [1, 2, 3, 4], outgoing: [1, 2, 3], learners: [], learnersNext: [] });
    expect(leaveJoint(joint)).toEqual(membershipOf(ids([1, 2, 3, 4])));
  });

  it("can be several at once", () => {
    const joint = after(membershipOf(ids([1, 2, 3])), [
      { kind: "remove", member: memberId(1) },
      { kind: "add-voter", member: memberId(4) },
      { kind: "add-learner", member: memberId(2) },
    ]);
    expect(leaveJoint(joint)).toEqual(membershipOf(ids([3, 4]), ids([2])));
  });

  it("of which nothing comes leaves no membership in between", () => {
    const before = membershipOf(ids([1, 2]));
    const changes = [
      { kind: "remove", member: memberId(1) },
      { kind: "add-voter", member: memberId(1) },
    ] as const;
    expect(sameMembership(after(before, changes), before)).toBe(true);
  });

  it("keeps a voter that becomes a learner a voter until the old membership ends", () => {
    const joint = after(membershipOf(ids([1, 2])), [{ kind: "add-learner", member: memberId(2) }]);
    expect(joint).toMatchObject({ learners: [], learnersNext: [2] });
    expect([isVoter(joint, memberId(2)), isVoter(leaveJoint(joint), memberId(2))]).toEqual([true, false]);
    expect(isMember(leaveJoint(joint), memberId(2))).toBe(true);
  });
});

it("a change of learners alone takes one step", () => {
  const next = after(membershipOf(ids([1]), ids([2])), [
    { kind: "remove", member: memberId(2) },
    { kind: "add-learner", member: memberId(3) },
  ]);
  expect(next).toEqual(membershipOf(ids([1]), ids([3])));
});

it.each([
  [
    "the last voter",
    membershipOf(ids([1]), ids([2])),
    { kind: "remove", member: memberId(1) },
    "the last voter stays",
  ],
  [
    "nobody",
    membershipOf(ids([1])),
    { kind: "add-voter", member: memberId(0) },
    "a member's id is greater than 0",
  ],
] as const)("a change of %s is refused", (_, before, wrong, message) => {
  expect(changeMembership(before, [wrong])).toBe(message);
});

it("there is no change in between", () => {
  const joint = after(membershipOf(ids([1])), [{ kind: "add-voter", member: memberId(2) }]);
  expect(changeMembership(joint, [])).toBe("another change of the membership is under way");
});

it("property: whatever is changed, the invariants hold, and consecutive memberships cannot decide apart", () => {
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 4 }), { maxLength: 8 }), (steps) => {
      let membership = membershipOf(ids([1, 2, 3]));
      for (const changes of steps) {
        const next = changeMembership(membership, changes);
        if (typeof next === "string") continue;
        checkInvariants(next);
        checkOverlap(membership, next);
        const left = leaveJoint(next);
        checkInvariants(left);
        checkOverlap(next, left);
        for (const id of membersOf(left)) expect(isMember(next, id)).toBe(true);
        membership = left;
      }
    }),
    { numRuns: 300 },
  );
});

it("from any set of voters to any other, of four, old and new decide together only", () => {
  const all = ids([1, 2, 3, 4]);
  const sets = Array.from({ length: 15 }, (_, at) => all.filter((_id, bit) => ((at + 1) >> bit) & 1));
  let joints = 0;
  for (const from of sets) {
    for (const to of sets) {
      const changes = all.map(
        (member) => ({ kind: to.includes(member) ? "add-voter" : "remove", member }) as const,
      );
      const before = membershipOf(from);
      const next = after(before, changes);
      expect(next.voters).toEqual(to);
      checkOverlap(before, next);
      checkOverlap(next, leaveJoint(next));
      if (isJoint(next)) joints += 1;
    }
  }
  expect(joints).toBe(15 * 14);
});

it("without the step in between, there are sets that would decide apart", () => {
  expect(() => checkOverlap(membershipOf(ids([1, 2, 3])), membershipOf(ids([1, 2, 3, 4, 5])))).toThrow(
    "decide without",
  );
});

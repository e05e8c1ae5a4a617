import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  leaveJoint,
  majorityReached,
  memberId,
  membershipOf,
  quorumReached,
  voteVerdict,
  type MemberId,
  type Membership,
} from "@lattice/raft";

const ids = (numbers: readonly number[]): MemberId[] => numbers.map(memberId);
const someIds = fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { maxLength: 7 }).map(ids);
const voters = fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 7 }).map(ids);
const memberships = fc
  .record({ voters, outgoing: someIds })
  .map((sides): Membership => ({ ...membershipOf([]), ...sides }));

/** By definition: every set of the members, and whether it is a majority of each side. */
function isQuorum({ voters: incoming, outgoing }: Membership, set: ReadonlySet<MemberId>): boolean {
  return [incoming, outgoing].every(
    (side) => side.length === 0 || side.filter((id) => set.has(id)).length * 2 > side.length,
  );
}

function reachedByDefinition(membership: Membership, reached: readonly number[]): number {
  const isReachedByQuorum = (value: number): boolean =>
    isQuorum(membership, new Set(ids([1, 2, 3, 4, 5, 6, 7]).filter((id) => reached[id]! >= value)));
  return Math.max(...reached.filter(isReachedByQuorum));
}

function verdictByDefinition(membership: Membership, votes: ReadonlyMap<MemberId, boolean>): string {
  const granted = ids([1, 2, 3, 4, 5, 6, 7]).filter((id) => votes.get(id) === true);
  const open = ids([1, 2, 3, 4, 5, 6, 7]).filter((id) => !votes.has(id));
  if (isQuorum(membership, new Set(granted))) return "won";
  return isQuorum(membership, new Set([...granted, ...open])) ? "pending" : "lost";
}

describe("what a majority has reached", () => {
  it.each([
    [[1], [4], 4],
    [[1, 2], [4, 9], 4],
    [[1, 2, 3], [4, 9, 6], 6],
    [[1, 2, 3, 4], [4, 9, 6, 5], 5],
    [[1, 2, 3, 4, 5], [4, 4, 6, 5, 0], 4],
  ])("of %j with %j it is %d", (members, values, expected) => {
    expect(majorityReached(ids(members), (id) => values[id - 1]!)).toBe(expected);
  });

  it("an empty side limits nothing", () => {
    expect(majorityReached([], () => 0)).toBe(Infinity);
  });

  it("property: of one or two memberships it is the greatest that a majority of each has", () => {
    fc.assert(
      fc.property(memberships, fc.array(fc.nat(9), { minLength: 8, maxLength: 8 }), (membership, reached) => {
        const expected = reachedByDefinition(membership, reached);
        expect(quorumReached(membership, (id) => reached[id]!)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("the verdict of an election", () => {
  it("property: won with a majority of each side, lost when none can come about any more, else pending", () => {
    const votes = fc
      .array(fc.option(fc.boolean()), { minLength: 7, maxLength: 7 })
      .map((all) => all.flatMap((vote, at) => (vote === null ? [] : [[memberId(at + 1), vote] as const])));
    fc.assert(
      fc.property(memberships, votes, (membership, cast) => {
        const byMember = new Map(cast);
        expect(voteVerdict(membership, byMember)).toBe(verdictByDefinition(membership, byMember));
      }),
      { numRuns: 2000 },
    );
  });

  it("who is no voter is not counted", () => {
    const votes = new Map(ids([7, 8, 9]).map((id) => [id, true]));
    expect(voteVerdict(membershipOf(ids([1, 2, 3])), votes)).toBe("pending");
    expect(voteVerdict(leaveJoint(membershipOf(ids([1]))), votes)).toBe("pending");
  });
});

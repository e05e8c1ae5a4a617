/**
 * Who takes part, and the way from one membership to the next (Raft thesis §4.3, joint consensus).
 *
 * Invariants
 *  1. Nobody is a voter and a learner at once.
 *  2. While two memberships overlap (`outgoing` is not empty), elections and commitment need a majority of both.
 *  3. Who votes in the old membership and is to be a learner in the new one is none before the old one ends.
 */
import type { MemberId } from "./ids.ts";

/** Lists are in ascending order and name nobody twice. */
export interface Membership {
  readonly voters: readonly MemberId[];
  /** The voters of the membership that is on its way out; empty where there is only one. */
  readonly outgoing: readonly MemberId[];
  /** Get everything, and count for nothing. */
  readonly learners: readonly MemberId[];
  /** Voters of `outgoing` that become learners when it ends. */
  readonly learnersNext: readonly MemberId[];
}

export type MembershipChange =
  | { readonly kind: "add-voter"; readonly member: MemberId }
  | { readonly kind: "add-learner"; readonly member: MemberId }
  | { readonly kind: "remove"; readonly member: MemberId };

export const NO_MEMBERS: Membership = { voters: [], outgoing: [], learners: [], learnersNext: [] };

export function membershipOf(voters: readonly MemberId[], learners: readonly MemberId[] = []): Membership {
  return { ...NO_MEMBERS, voters: sorted(voters), learners: sorted(learners) };
}

export function isJoint(membership: Membership): boolean {
  return membership.outgoing.length > 0;
}

export function isSoleVoter({ voters, outgoing }: Membership, id: MemberId): boolean {
  return voters.length === 1 && voters[0] === id && outgoing.every((each) => each === id);
}

export function isVoter({ voters, outgoing }: Membership, id: MemberId): boolean {
  return voters.includes(id) || outgoing.includes(id);
}

export function isMember(membership: Membership, id: MemberId): boolean {
  return isVoter(membership, id) || membership.learners.includes(id) || membership.learnersNext.includes(id);
}

/** All of them, in ascending order. */
export function membersOf({ voters, outgoing, learners, learnersNext }: Membership): MemberId[] {
  return sorted([...new Set([...voters, ...outgoing, ...learners, ...learnersNext])]);
}

/**
 * What follows a membership under these changes. Changes of voters give a joint membership, which `leaveJoint` ends;
 * changes of learners alone need no overlap. Answers a text that says what is wrong where there is no way.
 */
export function changeMembership(
  before: Membership,
  changes: readonly MembershipChange[],
): Membership | string {
  if (isJoint(before)) return "another change of the membership is under way";
  const voters = new Set(before.voters);
  const learners = new Set(before.learners);
  const learnersNext = new Set<MemberId>();
  for (const { kind, member } of changes) {
    if (!(member > 0)) return "a member's id is greater than 0";
    voters.delete(member);
    learners.delete(member);
    learnersNext.delete(member);
    if (kind === "add-voter") voters.add(member);
    else if (kind === "add-learner" && before.voters.includes(member)) learnersNext.add(member);
    else if (kind === "add-learner") learners.add(member);
  }
  if (voters.size === 0) return "the last voter stays";
  const after = sorted([...voters]);
  const isSameVoters =
    after.length === before.voters.length && after.every((id) => before.voters.includes(id));
  return {
    voters: after,
    outgoing: isSameVoters ? [] : before.voters,
    learners: sorted([...learners]),
    learnersNext: sorted([...learnersNext]),
  };
}

/** The new membership by itself. */
export function leaveJoint({ voters, learners, learnersNext }: Membership): Membership {
  return { voters, outgoing: [], learners: sorted([...learners, ...learnersNext]), learnersNext: [] };
}

export function sameMembership(a: Membership, b: Membership): boolean {
  return (
    sameIds(a.voters, b.voters) &&
    sameIds(a.outgoing, b.outgoing) &&
    sameIds(a.learners, b.learners) &&
    sameIds(a.learnersNext, b.learnersNext)
  );
}

function sameIds(a: readonly MemberId[], b: readonly MemberId[]): boolean {
  return a.length === b.length && a.every((id, at) => id === b[at]);
}

function sorted(ids: readonly MemberId[]): MemberId[] {
  return ids.toSorted((a, b) => a - b);
}

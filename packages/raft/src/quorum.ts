/** What a majority says; where two memberships overlap, what a majority of each says (Raft thesis §4.3). */
import type { MemberId } from "./ids.ts";
import type { Membership } from "./membership.ts";

/**
 * The greatest number that a majority has reached, given what each voter has reached. Nobody's majority has reached
 * everything: without voters the answer is infinite, so that an empty side of a membership changes nothing.
 */
export function majorityReached(voters: readonly MemberId[], reached: (id: MemberId) => number): number {
  const count = voters.length;
  if (count === 0) return Infinity;
  if (count === 1) return reached(voters[0]!);
  const values = voters.map(reached);
  // A handful of numbers: no faster way to sort them.
  for (let at = 1; at < count; at++) {
    const value = values[at]!;
    let to = at;
    for (; to > 0 && values[to - 1]! < value; to--) values[to] = values[to - 1]!;
    values[to] = value;
  }
  return values[count >> 1]!;
}

export function quorumReached({ voters, outgoing }: Membership, reached: (id: MemberId) => number): number {
  const incoming = majorityReached(voters, reached);
  return outgoing.length === 0 ? incoming : Math.min(incoming, majorityReached(outgoing, reached));
}

export type VoteVerdict = "won" | "lost" | "pending";

/** `votes`: who has answered, and whether with yes. */
export function voteVerdict(
  { voters, outgoing }: Membership,
  votes: ReadonlyMap<MemberId, boolean>,
): VoteVerdict {
  const verdicts = [voters, outgoing].map((side) => sideVerdict(side, votes));
  if (verdicts.includes("lost")) return "lost";
  return verdicts.includes("pending") ? "pending" : "won";
}

function sideVerdict(voters: readonly MemberId[], votes: ReadonlyMap<MemberId, boolean>): VoteVerdict {
  const majority = (voters.length >> 1) + 1;
  let granted = 0;
  let open = 0;
  for (const id of voters) {
    const vote = votes.get(id);
    if (vote === true) granted += 1;
    else if (vote === undefined) open += 1;
  }
  if (voters.length === 0 || granted >= majority) return "won";
  return granted + open >= majority ? "pending" : "lost";
}

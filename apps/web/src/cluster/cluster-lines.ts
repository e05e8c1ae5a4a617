/** Members as they are shown: each cluster apart, and each member with how far it is behind the foremost of its own. */
import { daemon } from "@lattice/proto";
import { shownText } from "../text/shown-text.ts";

const { ClusterMember_Role: Role } = daemon;

export interface ClusterLines {
  /** In hex; empty for members of whom nobody has told to which cluster they belong. */
  readonly id: string;
  readonly members: readonly MemberLine[];
}

export interface MemberLine {
  readonly member: daemon.ClusterMember;
  /** Names it among all. */
  readonly key: string;
  readonly title: string;
  readonly role: string;
  /** Undefined where it does not answer. */
  readonly behind: Behind | undefined;
}

/** How far behind the highest of each that a member of the cluster tells; all are asked a moment apart. */
export interface Behind {
  readonly terms: bigint;
  readonly committed: bigint;
  readonly applied: bigint;
}

export function clusterLines(members: readonly daemon.ClusterMember[]): readonly ClusterLines[] {
  const byCluster = Map.groupBy(members, ({ clusterId }) => clusterId);
  return [...byCluster]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([id, its]) => ({ id: id === 0n ? "" : idText(id), members: memberLines(its) }));
}

function memberLines(members: readonly daemon.ClusterMember[]): readonly MemberLine[] {
  const term = highest(members.map((member) => member.term));
  const index = highest(members.map((member) => member.committedIndex));
  return members
    .map((member) => ({
      member,
      key: `${member.id} ${member.endpoint}`,
      title: shownText(member.name) || (member.id === 0n ? shownText(member.endpoint) : idText(member.id)),
      role: roleText(member),
      behind: isAway(member)
        ? undefined
        : {
            terms: term - member.term,
            committed: index - member.committedIndex,
            applied: index - member.appliedIndex,
          },
    }))
    .toSorted((one, other) => one.title.localeCompare(other.title, "en", { numeric: true }));
}

function highest(numbers: readonly bigint[]): bigint {
  return numbers.reduce((high, each) => (each > high ? each : high), 0n);
}

function isAway({ away }: daemon.ClusterMember): boolean {
  return away !== "";
}

export function isLeader({ role }: daemon.ClusterMember): boolean {
  return role === Role.LEADER;
}

function roleText(member: daemon.ClusterMember): string {
  if (isAway(member)) return "away";
  switch (member.role) {
    case Role.LEADER:
      return "leader";
    case Role.FOLLOWER:
      return "follower";
    case Role.LEARNER:
      return "learner";
    default:
      return "no leader";
  }
}

/** As the command line writes it. */
export function idText(id: bigint): string {
  return id.toString(16);
}

/** Who leads, and how many are there; `isWell` unless nobody leads. */
export function clusterSummary({ members }: ClusterLines): {
  readonly text: string;
  readonly isWell: boolean;
} {
  const there = members.filter(({ member }) => !isAway(member)).length;
  const answering = `${there} of ${members.length} ${members.length === 1 ? "member answers" : "members answer"}`;
  // One that has lost the others may still take itself for the leader of an older term.
  const leader = members.find(({ member, behind }) => isLeader(member) && behind?.terms === 0n);
  if (leader !== undefined) {
    return { text: `${leader.title} leads in term ${leader.member.term}; ${answering}.`, isWell: true };
  }
  const text = `No member leads: ${answering}; more than half of the members must run and reach each other.`;
  return { text, isWell: false };
}

/** From what endpoints have answered to the members of their clusters, each once, whether it answers or not. */
import { EtcdErrors, type etcdserverpb } from "@lattice/etcd-proto";
import { daemon } from "@lattice/proto";
import type { KnownMember, MemberAnswer } from "./asked-member.ts";
import { endpointText, parseEndpoint, type Endpoint } from "./endpoint.ts";

const { ClusterMember_Role: Role } = daemon;

/** Who is a member, by the id of the cluster: as the one among its members knows it whose state is the latest. */
export function memberLists(
  answers: readonly MemberAnswer[],
): ReadonlyMap<bigint, readonly etcdserverpb.Member[]> {
  const latest = new Map<bigint, KnownMember>();
  for (const { known } of answers) {
    if (known === undefined || known.members.length === 0) continue;
    const other = latest.get(known.clusterId);
    if (other === undefined || known.listedIndex > other.listedIndex) latest.set(known.clusterId, known);
  }
  return new Map([...latest].map(([clusterId, { members }]) => [clusterId, members]));
}

/** Where a member says that it serves clients, as far as that can be understood. */
export function clientEndpoints({ clientURLs }: etcdserverpb.Member): readonly Endpoint[] {
  return clientURLs.flatMap((url) => {
    try {
      return [parseEndpoint(url)];
    } catch {
      return [];
    }
  });
}

export function memberReports(answers: readonly MemberAnswer[]): daemon.ClusterMember[] {
  const listed = new Set<MemberAnswer>();
  const reports = [...memberLists(answers)].flatMap(([clusterId, members]) =>
    members.map((member) => {
      const own = answers.filter((answer) => isOf(answer, clusterId, member));
      for (const answer of own) listed.add(answer);
      const best = own.find(({ status }) => status !== undefined) ?? own[0];
      return reportOf({ clusterId, id: member.id, name: member.name }, best ?? unasked(member));
    }),
  );
  const others = answers.filter((answer) => !listed.has(answer) && (answer.isNamed || answer.away === ""));
  return [...reports, ...withoutTwins(others).map((answer) => reportOf({}, answer))];
}

/** An endpoint that is away may be that of a member that has never answered there. */
function isOf(
  { endpoint, status, known }: MemberAnswer,
  clusterId: bigint,
  member: etcdserverpb.Member,
): boolean {
  if (known?.clusterId === clusterId && known.id === member.id) return true;
  return status === undefined && clientEndpoints(member).some((each) => endpointText(each) === endpoint);
}

/** One member may have been named by several of its addresses. */
function withoutTwins(answers: readonly MemberAnswer[]): readonly MemberAnswer[] {
  const seen = new Set<string>();
  return answers.filter(({ endpoint, known }) => {
    const name = known === undefined ? endpoint : `${known.clusterId} ${known.id}`;
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}

function unasked(member: etcdserverpb.Member): Pick<MemberAnswer, "endpoint" | "status" | "known" | "away"> {
  const isSilent = member.clientURLs.length === 0;
  return {
    endpoint: member.clientURLs[0] ?? "",
    status: undefined,
    known: undefined,
    away: isSilent ? "it has not told yet where it serves clients" : "it was not asked",
  };
}

interface Listed {
  readonly clusterId?: bigint;
  readonly id?: bigint;
  readonly name?: string;
}

function reportOf(
  { clusterId, id, name = "" }: Listed,
  { endpoint, status, known, away }: Pick<MemberAnswer, "endpoint" | "status" | "known" | "away">,
): daemon.ClusterMember {
  return daemon.ClusterMember.create({
    clusterId: clusterId ?? known?.clusterId ?? 0n,
    id: id ?? known?.id ?? 0n,
    name,
    endpoint,
    away,
    ...(status === undefined ? {} : figuresOf(status)),
  });
}

function figuresOf(status: etcdserverpb.StatusResponse): Partial<daemon.ClusterMember> {
  return {
    role: roleOf(status),
    version: status.version,
    term: status.raftTerm,
    committedIndex: status.raftIndex,
    appliedIndex: status.raftAppliedIndex,
    diskBytes: status.dbSize,
    usedBytes: status.dbSizeInUse,
    // The role says it.
    errors: status.errors.map((text) => text.trim()).filter((text) => text !== EtcdErrors.noLeader[1]),
  };
}

function roleOf({ isLearner, leader, header }: etcdserverpb.StatusResponse): daemon.ClusterMember_Role {
  if (isLearner) return Role.LEARNER;
  if (leader === 0n) return Role.LEADERLESS;
  return leader === header?.memberId ? Role.LEADER : Role.FOLLOWER;
}

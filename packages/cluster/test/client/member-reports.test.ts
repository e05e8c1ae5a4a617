import { EtcdErrors, etcdserverpb } from "@lattice/etcd-proto";
import { daemon } from "@lattice/proto";
import { expect, test } from "vitest";
import type { KnownMember, MemberAnswer } from "../../src/client/asked-member.ts";
import { memberLists, memberReports } from "../../src/client/member-reports.ts";

const { ClusterMember_Role: Role } = daemon;
const CLUSTER = 7n;

function member(id: bigint, ...clientURLs: string[]): etcdserverpb.Member {
  return etcdserverpb.Member.create({ id, name: clientURLs.length === 0 ? "" : `n${id}`, clientURLs });
}

const THREE = [member(1n, "http://h:1"), member(2n, "http://h:2"), member(3n, "http://h:3")];

interface Told {
  readonly members?: readonly etcdserverpb.Member[];
  readonly listedIndex?: bigint;
  readonly clusterId?: bigint;
}

function known(id: bigint, { members = [], listedIndex = 5n, clusterId = CLUSTER }: Told = {}): KnownMember {
  return { clusterId, id, members, listedIndex };
}

function answer(
  id: bigint,
  told: Told & { readonly status?: Partial<etcdserverpb.StatusResponse> } = {},
): MemberAnswer {
  const status = etcdserverpb.StatusResponse.create({
    header: { clusterId: told.clusterId ?? CLUSTER, memberId: id },
    leader: 1n,
    ...told.status,
  });
  return { endpoint: `h:${id}`, isNamed: true, status, known: known(id, told), away: "" };
}

function silence(endpoint: string, fields: Partial<MemberAnswer> = {}): MemberAnswer {
  return { endpoint, isNamed: true, status: undefined, known: undefined, away: "gone", ...fields };
}

test("the list of the member that is furthest counts", () => {
  const answers = [
    answer(1n, { members: THREE.slice(0, 2), listedIndex: 9n }),
    answer(2n, { members: THREE, listedIndex: 4n }),
    answer(1n, { members: THREE, clusterId: 8n }),
    answer(3n),
  ];
  expect(memberLists(answers)).toEqual(
    new Map([
      [CLUSTER, THREE.slice(0, 2)],
      [8n, THREE],
    ]),
  );
});

test("each member is told once, with what it says, or why it says nothing", () => {
  const reports = memberReports([
    answer(1n, { members: THREE, status: { raftTerm: 4n, raftIndex: 9n, raftAppliedIndex: 8n, dbSize: 3n } }),
    { ...answer(1n), endpoint: "other:1" },
    silence("h:2"),
    silence("elsewhere:3", { known: known(3n) }),
  ]);
  expect(reports).toMatchObject([
    {
      id: 1n,
      name: "n1",
      endpoint: "h:1",
      term: 4n,
      committedIndex: 9n,
      appliedIndex: 8n,
      diskBytes: 3n,
      away: "",
    },
    { id: 2n, name: "n2", endpoint: "h:2", away: "gone", clusterId: CLUSTER },
    { id: 3n, name: "n3", endpoint: "elsewhere:3", away: "gone" },
  ]);
});

test("what was named is told of, also where nobody knows it, and what was only found is forgotten", () => {
  const reports = memberReports([
    answer(1n, { members: THREE.slice(0, 1) }),
    silence("h:8"),
    silence("h:9", { isNamed: false }),
  ]);
  expect(reports.map(({ endpoint, clusterId, id }) => [endpoint, clusterId, id])).toEqual([
    ["h:1", CLUSTER, 1n],
    ["h:8", 0n, 0n],
  ]);
});

test("members of a cluster that does not tell its list are told once each", () => {
  const reports = memberReports([answer(1n), { ...answer(1n), endpoint: "other:1" }, answer(2n)]);
  expect(reports.map(({ endpoint, id, name }) => [endpoint, id, name])).toEqual([
    ["h:1", 1n, ""],
    ["h:2", 2n, ""],
  ]);
});

test("a member that has never started says so", () => {
  const [, added] = memberReports([answer(1n, { members: [THREE[0]!, member(2n)] })]);
  expect(added).toMatchObject({ id: 2n, endpoint: "", away: "it has not told yet where it serves clients" });
});

test.each([
  ["leader", 1n, {}, Role.LEADER],
  ["follower", 2n, {}, Role.FOLLOWER],
  ["learner", 2n, { isLearner: true }, Role.LEARNER],
  ["leaderless", 2n, { leader: 0n }, Role.LEADERLESS],
] as const)("it is a %s", (_, id, status, role) => {
  expect(memberReports([answer(id, { status })])[0]!.role).toBe(role);
});

test("alarms are told, and what the role says already is not", () => {
  const errors = [EtcdErrors.noLeader[1], "memberID:1 alarm:NOSPACE "];
  expect(memberReports([answer(1n, { status: { errors } })])[0]!.errors).toEqual([
    "memberID:1 alarm:NOSPACE",
  ]);
});

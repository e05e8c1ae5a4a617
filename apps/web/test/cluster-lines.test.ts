import fc from "fast-check";
import { daemon } from "@lattice/proto";
import { describe, expect, it } from "vitest";
import { clusterLines, clusterSummary } from "../src/cluster/cluster-lines.ts";

const { ClusterMember_Role: Role } = daemon;

function member(name: string, fields: Partial<daemon.ClusterMember> = {}): daemon.ClusterMember {
  const figures = { clusterId: 0xcafen, id: 0xabn, term: 3n, committedIndex: 100n, appliedIndex: 100n };
  return daemon.ClusterMember.create({ ...figures, name, role: Role.FOLLOWER, ...fields });
}

function away(name: string, fields: Partial<daemon.ClusterMember> = {}): daemon.ClusterMember {
  return daemon.ClusterMember.create({ clusterId: 0xcafen, id: 0xabn, name, away: "gone", ...fields });
}

describe("members of a cluster", () => {
  it("are behind the foremost of their own cluster, and of no other", () => {
    const [small, large] = clusterLines([
      member("n1", { role: Role.LEADER, committedIndex: 1_000n, appliedIndex: 990n }),
      member("n2", { term: 2n, committedIndex: 900n, appliedIndex: 890n }),
      member("m1", { clusterId: 1n, term: 90n, committedIndex: 5_000n, appliedIndex: 5_000n }),
    ]);
    expect(small!.members[0]!.behind).toEqual({ terms: 0n, committed: 0n, applied: 0n });
    expect(large!.members.map(({ behind }) => behind)).toEqual([
      { terms: 0n, committed: 0n, applied: 10n },
      { terms: 1n, committed: 100n, applied: 110n },
    ]);
  });

  it("are never ahead, and the foremost is not behind", () => {
    const index = fc.bigInt({ min: 0n, max: 1n << 63n });
    fc.assert(
      fc.property(fc.array(index, { minLength: 1 }), (indexes) => {
        const [cluster] = clusterLines(
          indexes.map((committedIndex, at) => member(`n${at}`, { committedIndex, appliedIndex: 0n })),
        );
        const lags = cluster!.members.map(({ behind }) => behind!.committed);
        expect(lags.every((lag) => lag >= 0n)).toBe(true);
        expect(lags).toContain(0n);
      }),
    );
  });

  it("stand in the order of their names, numbers by what they count", () => {
    const [cluster] = clusterLines(["n10", "n9", "a"].map((name) => member(name)));
    expect(cluster!.members.map(({ title }) => title)).toEqual(["a", "n9", "n10"]);
  });

  it("are called by their names, else by their ids, else by where they should be", () => {
    const titleOf = (one: daemon.ClusterMember): string => clusterLines([one])[0]!.members[0]!.title;
    expect(titleOf(member("n1"))).toBe("n1");
    expect(titleOf(member("\u202en"))).toBe("\\u202en");
    expect(titleOf(member(""))).toBe("ab");
    expect(titleOf(away("", { clusterId: 0n, id: 0n, endpoint: "h:1" }))).toBe("h:1");
  });

  it("have a role, and are away where they do not answer", () => {
    const roles = [Role.LEADER, Role.FOLLOWER, Role.LEARNER, Role.LEADERLESS];
    const members = [...roles.map((role, at) => member(`n${at}`, { role })), away("x")];
    const [cluster] = clusterLines(members);
    expect(cluster!.members.map(({ role }) => role)).toEqual([
      "leader",
      "follower",
      "learner",
      "no leader",
      "away",
    ]);
    expect(cluster!.members.at(-1)!.behind).toBeUndefined();
  });
});

describe("a cluster", () => {
  const summaryOf = (...members: daemon.ClusterMember[]) => clusterSummary(clusterLines(members)[0]!);

  it("is told by who leads it and by how many are there", () => {
    expect(summaryOf(member("n1", { role: Role.LEADER }), member("n2"), away("n3"))).toEqual({
      text: "n1 leads in term 3; 2 of 3 members answer.",
      isWell: true,
    });
    expect(summaryOf(member("n1", { role: Role.LEADER })).text).toContain("1 of 1 member answers");
  });

  it("has the leader of the highest term, and none where that one is away", () => {
    const old = member("n1", { role: Role.LEADER, term: 2n });
    expect(summaryOf(old, member("n2", { role: Role.LEADER })).text).toContain("n2 leads");
    expect(summaryOf(old, member("n2"))).toMatchObject({ isWell: false });
    expect(summaryOf(away("n1"), away("n2"), member("n3", { role: Role.LEADERLESS })).text).toMatch(
      /^No member leads: 1 of 3 members answer; more than half/,
    );
  });

  it("that nobody has told stands by itself", () => {
    const clusters = clusterLines([member("n1"), away("", { clusterId: 0n, id: 0n, endpoint: "h:1" })]);
    expect(clusters.map(({ id }) => id)).toEqual(["", "cafe"]);
  });
});

import { setImmediate as nextTurn } from "node:timers/promises";
import { etcdserverpb } from "@lattice/etcd-proto";
import { LatticeError } from "@lattice/model";
import { daemon } from "@lattice/proto";
import { expect, onTestFinished, test } from "vitest";
import { openClusterView, type ClusterViewOptions, type OpenClusterView } from "../../src/client/index.ts";
import { Members } from "../server/members.ts";
import { ScriptedMember } from "./scripted-member.ts";

const { ClusterMember_Role: Role } = daemon;

async function view(options: ClusterViewOptions): Promise<OpenClusterView> {
  const opened = await openClusterView(options);
  onTestFinished(() => opened.close());
  return opened;
}

function endpointOf(members: Members, name: string): string {
  return `127.0.0.1:${members.of(name).member.ports.client}`;
}

/** Until so many answer, and take the same one for the leader. */
async function settled(clusters: OpenClusterView, count: number): Promise<readonly daemon.ClusterMember[]> {
  for (;;) {
    const told = await clusters.members();
    const roles = told.filter(({ away }) => away === "").map(({ role }) => role);
    const leaders = roles.filter((role) => role === Role.LEADER);
    if (
      roles.length === count &&
      leaders.length === 1 &&
      roles.every((role) => role === Role.LEADER || role === Role.FOLLOWER)
    )
      return told;
    await nextTurn();
  }
}

test("one member that was named tells of all, and they are still told of when it is away", async () => {
  await using members = await Members.start(["a", "b", "c"]);
  const clusters = await view({ endpoints: [`http://${endpointOf(members, "a")}`] });
  const addresses = ["a", "b", "c"].map((name) => endpointOf(members, name));
  const before = await settled(clusters, 3);
  expect(clusters.endpoints).toEqual([addresses[0]]);
  expect(before.map(({ name }) => name).toSorted()).toEqual(["a", "b", "c"]);
  expect(before.map(({ endpoint }) => endpoint).toSorted()).toEqual(addresses.toSorted());
  for (const { id, clusterId, term, committedIndex, appliedIndex, diskBytes, version } of before) {
    expect([id, clusterId, term, committedIndex, appliedIndex, diskBytes]).not.toContain(0n);
    expect(appliedIndex).toBeLessThanOrEqual(committedIndex);
    expect(version).not.toBe("");
  }
  await members.stop("a");
  const after = await settled(clusters, 2);
  expect(after.find(({ name }) => name === "a")).toMatchObject({
    role: Role.UNSPECIFIED,
    endpoint: addresses[0],
    away: `no member answers at ${addresses[0]}`,
    term: 0n,
  });
});

test("nobody that was named answers: each is told of with the reason, and found once it is there", async () => {
  const member = await ScriptedMember.start();
  await member.stop();
  const clusters = await view({ endpoints: [member.endpoint] });
  const away = `no member answers at ${member.endpoint}`;
  expect(await clusters.members()).toMatchObject([
    { id: 0n, clusterId: 0n, endpoint: member.endpoint, away },
  ]);
  await member.listen();
  for (;;) {
    const [told] = await clusters.members();
    if (told!.away === "") break;
    await nextTurn();
  }
  expect(member.asked.map(({ method }) => method)).toContain("Status");
});

test("a member that stands still is away", async () => {
  const member = await ScriptedMember.start();
  member.script.set("Status", ["hang"]);
  const clusters = await view({ endpoints: [member.endpoint] });
  expect(await clusters.members()).toMatchObject([{ away: `${member.endpoint} has not answered in time` }]);
});

test("whoever asks meanwhile gets the same answer, and nobody is asked twice", async () => {
  const member = await ScriptedMember.start();
  const clusters = await view({ endpoints: [member.endpoint] });
  const [one, other] = await Promise.all([clusters.members(), clusters.members()]);
  expect(one).toEqual(other);
  expect(member.asked.filter(({ method }) => method === "Status")).toHaveLength(1);
});

test("where a cluster has users, only who is one is told of its members", async () => {
  const { Auth } = etcdserverpb;
  await using members = await Members.start(["a", "b"]);
  const { client } = members.of("a");
  await client.ask(Auth, "UserAdd", { name: "root", password: "secret" });
  await client.ask(Auth, "UserGrantRole", { user: "root", role: "root" });
  await client.ask(Auth, "AuthEnable", {});
  const endpoints = [endpointOf(members, "a")];
  const stranger = await view({ endpoints });
  expect(await stranger.members()).toMatchObject([{ name: "", endpoint: endpoints[0], away: "" }]);
  const known = await view({ endpoints, user: { name: "root", password: "secret" } });
  expect((await known.members()).map(({ name }) => name).toSorted()).toEqual(["a", "b"]);
  const mistaken = await view({ endpoints, user: { name: "root", password: "wrong" } });
  expect(await mistaken.members()).toMatchObject([{ name: "", away: "" }]);
});

test("what is no endpoint is refused, and what was closed answers nothing", async () => {
  await expect(openClusterView({ endpoints: ["a:b:c"] })).rejects.toThrow('"a:b:c" is no endpoint');
  const clusters = await view({ endpoints: ["127.0.0.1:1"] });
  await clusters.close();
  await clusters.close();
  await expect(clusters.members()).rejects.toThrow(LatticeError);
});

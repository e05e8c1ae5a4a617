import type { etcdserverpb } from "@lattice/etcd-proto";
import { expect, test } from "vitest";
import { askCluster, Members, put, putAtLast, refusal, until, valueOf, type RunningSeat } from "./members.ts";

type Added = etcdserverpb.MemberAddResponse;
type Listed = etcdserverpb.MemberListResponse;

function add(seat: RunningSeat, address: string, isLearner = false): Promise<Added> {
  return askCluster(seat, "MemberAdd", { peerURLs: [`http://${address}`], isLearner });
}

/** As soon as the leader has heard of all members. */
function addAtLast(seat: RunningSeat, address: string, isLearner = false): Promise<Added> {
  return until(async () => {
    try {
      return await add(seat, address, isLearner);
    } catch (error) {
      if ((error as { details: string }).details === "etcdserver: unhealthy cluster") return undefined;
      throw error;
    }
  });
}

async function listed(seat: RunningSeat): Promise<string[]> {
  const { members } = await askCluster<Listed>(seat, "MemberList", { linearizable: true });
  return members.map(({ name, isLearner }) => `${name}${isLearner ? " (learner)" : ""}`).toSorted();
}

test("a member is added as a learner, joins, is promoted, and another is removed and ends", async () => {
  await using members = await Members.start(3);
  const follower = await members.follower();
  await put(follower, "k", "1");
  const address = await members.addressOf("m4");
  const { member, members: all } = await addAtLast(follower, address, true);
  expect(member).toMatchObject({ name: "", isLearner: true, peerURLs: [`http://${address}`] });
  expect(all).toHaveLength(4);
  expect(await refusal(add(follower, address, true))).toBe("9 etcdserver: Peer URLs already exists");
  expect(await refusal(add(follower, "127.0.0.1:1", true))).toBe(
    "9 etcdserver: too many learner members in cluster",
  );

  const learner = await members.start("m4", { join: [await members.addressOf("m1"), "127.0.0.1:1"] });
  expect(BigInt(learner.member.id)).toBe(member!.id);
  expect(learner.member.clusterId).toBe(follower.member.clusterId);
  await until(async () =>
    (await valueOf(learner, "k", { serializable: true }).catch(() => undefined)) === "1" ? true : undefined,
  );
  expect(await refusal(put(learner, "k", "2"))).toBe("14 etcdserver: rpc not supported for learner");
  await until(async () => ((await listed(follower)).includes("m4 (learner)") ? true : undefined));

  const { members: promoted } = await askCluster<Listed>(follower, "MemberPromote", { id: member!.id });
  expect(promoted.every(({ isLearner }) => !isLearner)).toBe(true);
  expect(await refusal(askCluster(follower, "MemberPromote", { id: member!.id }))).toBe(
    "9 etcdserver: can only promote a learner member",
  );
  await until(() => (learner.member.status().leader > 0 ? true : undefined));
  await putAtLast(learner, "k", "2");

  // Not the one that is asked, and not the leader.
  const leader = await members.leader();
  const other = members.all.find((each) => ![leader.name, learner.name].includes(each.name))!;
  const { members: left } = await askCluster<Listed>(learner, "MemberRemove", {
    id: BigInt(other.member.id),
  });
  expect(left).toHaveLength(3);
  expect(await refusal(askCluster(learner, "MemberRemove", { id: 5n }))).toBe(
    "5 etcdserver: member not found",
  );
  expect(await other.member.ended).toMatchObject({ reason: "removed" });
  await put(learner, "k", "3");
  expect(await listed(learner)).toHaveLength(3);
});

test("the leader can be removed: it answers, ends, and another leads", async () => {
  await using members = await Members.start(3);
  const leader = await members.leader();
  const { members: left } = await until(() =>
    askCluster<Listed>(leader, "MemberRemove", { id: BigInt(leader.member.id) }).catch(
      (error: { details: string }) => {
        if (error.details === "etcdserver: unhealthy cluster") return undefined;
        throw error;
      },
    ),
  );
  expect(left).toHaveLength(2);
  expect(await leader.member.ended).toMatchObject({ reason: "removed" });
  const rest = members.all.find((each) => each !== leader)!;
  await putAtLast(rest, "k", "1");
  expect(await listed(rest)).toHaveLength(2);
});

test("what would cost the majority is refused; so are addresses that are none", async () => {
  await using members = await Members.start(1);
  const [only] = members.all as [RunningSeat];
  expect(await refusal(askCluster(only, "MemberRemove", { id: BigInt(only.member.id) }))).toBe(
    "9 etcdserver: re-configuration failed due to not enough started members",
  );
  for (const url of ["127.0.0.1:1", "http://127.0.0.1", "http://127.0.0.1:1/x", ""]) {
    expect(await refusal(askCluster(only, "MemberAdd", { peerURLs: [url] }))).toBe(
      "3 etcdserver: given member URLs are invalid",
    );
  }
  expect(await refusal(askCluster(only, "MemberAdd", { peerURLs: [] }))).toBe(
    "3 etcdserver: given member URLs are invalid",
  );
  // The second waits for the first, which has to start before it counts.
  const address = await members.addressOf("m2");
  await add(only, address);
  const second = await members.start("m2", { join: [await members.addressOf("m1")] });
  await putAtLast(second, "k", "1");
  await until(async () => ((await listed(only)).includes("m2") ? true : undefined));
  const third = await members.addressOf("m3");
  await addAtLast(only, third);
  expect(await refusal(add(only, await members.addressOf("m4")))).toBe(
    "9 etcdserver: re-configuration failed due to not enough started members",
  );
});

test("addresses are changed, and clients are told where everybody is", async () => {
  await using members = await Members.start(3);
  const follower = await members.follower();
  const id = BigInt(follower.member.id);
  const port = follower.member.ports.client;
  const own = await until(async () => {
    const { members: all } = await askCluster<Listed>(follower, "MemberList");
    return all.find((each) => each.id === id && each.clientURLs.length > 0);
  });
  expect(own).toMatchObject({ name: follower.name, clientURLs: [`http://127.0.0.1:${port}`] });
  const taken = (await members.leader()).name;
  const others = `http://${await members.addressOf(taken)}`;
  expect(await refusal(askCluster(follower, "MemberUpdate", { id, peerURLs: [others] }))).toBe(
    "9 etcdserver: Peer URLs already exists",
  );
  const peerURLs = [`http://${await members.addressOf(follower.name)}`, "http://127.0.0.1:1"];
  const { members: all } = await askCluster<Listed>(follower, "MemberUpdate", { id, peerURLs });
  expect(all.find((each) => each.id === id)!.peerURLs).toEqual(peerURLs);
  await put(follower, "k", "1");
});

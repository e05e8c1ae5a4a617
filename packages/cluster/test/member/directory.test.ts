import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LatticeError } from "@lattice/model";
import { expect, test } from "vitest";
import { askCluster, Members, put, until, valueOf } from "./members.ts";

async function failure(start: Promise<unknown>): Promise<string> {
  const error = await start.then(
    () => undefined,
    (reason: unknown) => LatticeError.from(reason),
  );
  if (error === undefined) throw new Error("it was started");
  expect(error.message).not.toMatch(/\n/);
  return `${error.code}: ${error.message}`;
}

test("what was put is there after a restart, with the same ids", async () => {
  await using members = await Members.start(1);
  const before = members.get("m1").member;
  await put(members.get("m1"), "k", "1");
  await members.stop("m1");
  const again = await members.start("m1");
  await members.leader();
  expect([again.member.id, again.member.clusterId]).toEqual([before.id, before.clusterId]);
  expect(await valueOf(again, "k")).toBe("1");
});

test("a directory is one process's, one member's and one cluster's", async () => {
  await using members = await Members.start(1);
  expect(await failure(members.start("m1"))).toMatch(
    /^in-use: .* is in use by process \d+: stop that one first$/,
  );
  await members.stop("m1");
  const m1 = await members.addressOf("m1");
  expect(await failure(members.start("m1", { name: "other" }))).toMatch(
    /^failed-precondition: .* belongs to the member "m1", not "other"/,
  );
  const initial = { members: { m1, m2: "127.0.0.1:1" } };
  expect(await failure(members.start("m1", { initial }))).toMatch(
    /^failed-precondition: .* belongs to cluster [0-9a-f]+, and the given members make cluster [0-9a-f]+/,
  );
  const path = join(members.directoryOf("m1"), "cluster.json");
  const text = readFileSync(path, "utf8");
  writeFileSync(path, "{}");
  expect(await failure(members.start("m1"))).toMatch(
    /^corrupt: .*cluster\.json does not say which member this is/,
  );
  writeFileSync(path, text);
  await members.start("m1");
});

test("who is started new is told what is missing or does not fit", async () => {
  await using members = new Members();
  await members.addressOf("m1");
  const base = members.options("m1");
  const none = { ...base, initial: undefined };
  const { startClusterMember } = await import("../../src/index.ts");
  expect(await failure(startClusterMember(none))).toMatch(
    /^failed-precondition: .* is new: the members of a new cluster/,
  );
  expect(await failure(startClusterMember({ ...base, join: ["127.0.0.1:1"] }))).toMatch(
    /exclude each other$/,
  );
  expect(await failure(startClusterMember({ ...base, name: "x" }))).toMatch(
    /"x" is none of the initial members: m1$/,
  );
  const elsewhere = { members: { m1: "127.0.0.1:1" } };
  expect(await failure(startClusterMember({ ...base, initial: elsewhere }))).toMatch(
    /"m1" is http:\/\/127.0.0.1:1 among the initial members, and is started at http:\/\/127/,
  );
  const bad = { members: { m1: "nowhere" } };
  expect(await failure(startClusterMember({ ...base, initial: bad }))).toMatch(
    /^invalid-argument: "nowhere" is no address/,
  );
  expect(await failure(startClusterMember({ ...none, join: ["127.0.0.1:1"] }))).toMatch(
    /^unavailable: no member of the cluster answers: no member can be reached at 127.0.0.1:1/,
  );
  mkdirSync(members.directory, { recursive: true });
  writeFileSync(join(members.directory, "file"), "");
  expect(
    await failure(startClusterMember({ ...base, dataDirectory: join(members.directory, "file") })),
  ).toMatch(/^failed-precondition: cannot use .*file as data directory/);
});

test("who has lost its directory is not let in as who it was, and may join anew", async () => {
  await using members = await Members.start(3);
  const follower = await members.follower();
  const { id } = follower.member;
  await until(async () => {
    const { members: all } = await askCluster<{ members: { id: bigint; clientURLs: string[] }[] }>(
      follower,
      "MemberList",
    );
    return all.find((each) => each.id === BigInt(id) && each.clientURLs.length > 0);
  });
  await members.stop(follower.name);
  rmSync(members.directoryOf(follower.name), { recursive: true });
  expect(await failure(members.start(follower.name))).toMatch(
    /^failed-precondition: "m\d" has been a member of cluster [0-9a-f]+ already, and .* is empty: remove member/,
  );
  const leader = await members.leader();
  expect(
    await failure(members.start(follower.name, { join: [await members.addressOf(leader.name)] })),
  ).toMatch(/^failed-precondition: the member at .* has been started before/);
  await askCluster(leader, "MemberRemove", { id: BigInt(id) });
  const address = await members.addressOf(follower.name);
  expect(
    await failure(members.start(follower.name, { join: [await members.addressOf(leader.name)] })),
  ).toMatch(/^failed-precondition: cluster [0-9a-f]+ has no member at .*: add it there first/);
  await until(() =>
    askCluster(leader, "MemberAdd", { peerURLs: [`http://${address}`] }).catch(
      (error: { details: string }) => {
        if (error.details === "etcdserver: unhealthy cluster") return undefined;
        throw error;
      },
    ),
  );
  const back = await members.start(follower.name, { join: [await members.addressOf(leader.name)] });
  expect(back.member.id).not.toBe(id);
  await until(() => put(back, "k", "1").catch(() => undefined));
});

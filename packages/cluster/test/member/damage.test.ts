import { closeSync, openSync, readdirSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { etcdserverpb } from "@lattice/etcd-proto";
import { expect, test } from "vitest";
import { askCluster, Members, put, putAtLast, until, valueOf } from "./members.ts";

/** Flips a bit in the middle of what was written first. */
function damage(directory: string): void {
  const log = join(directory, "log");
  const [segment] = readdirSync(log)
    .filter((name) => name.endsWith(".raft"))
    .toSorted();
  const file = openSync(join(log, segment!), "r+");
  const byte = Buffer.alloc(1);
  const at = 700;
  readSync(file, byte, 0, 1, at);
  writeSync(file, Buffer.from([byte[0]! ^ 1]), 0, 1, at);
  closeSync(file);
}

test("a member whose log is damaged says where, and comes back as a new one that has everything and votes", async () => {
  await using members = await Members.start(3);
  const follower = await members.follower();
  const { id } = follower.member;
  for (let at = 0; at < 20; at++) await put(follower, "k", String(at));
  await members.stop(follower.name);
  damage(members.directoryOf(follower.name));
  const back = await members.start(follower.name);
  expect(back.member.id).not.toBe(id);
  await until(async () =>
    (await valueOf(back, "k", { serializable: true }).catch(() => undefined)) === "19" ? true : undefined,
  );
  await putAtLast(back, "k", "20");
  expect(members.log.some((line) => /error .*\.raft is damaged/.test(line))).toBe(true);
  expect(
    readdirSync(members.directoryOf(follower.name)).filter((name) => name.startsWith("damaged-")),
  ).not.toEqual([]);
  const { members: listed } = await until(async () => {
    const list = await askCluster<etcdserverpb.MemberListResponse>(back, "MemberList", {
      linearizable: true,
    });
    return list.members.some(({ name }) => name === follower.name) ? list : undefined;
  });
  expect(listed.map(({ name }) => name).toSorted()).toEqual(["m1", "m2", "m3"]);
  expect(listed.some((each) => each.id === BigInt(id))).toBe(false);
  await until(() => (back.member.status().membership.voters.includes(back.member.id) ? true : undefined));
  // It counts: with another one gone, the two of them are a majority.
  const other = members.all.find(({ name }) => name !== back.name)!;
  await members.stop(other.name);
  await putAtLast(back, "k", "21");
  // And it stays who it is.
  await members.stop(back.name);
  const again = await members.start(back.name);
  expect(again.member.id).toBe(back.member.id);
});

test("a member that is alone says what is damaged, and does not start", async () => {
  await using members = await Members.start(1);
  await put(members.get("m1"), "k", "1");
  await members.stop("m1");
  damage(members.directoryOf("m1"));
  await expect(members.start("m1")).rejects.toMatchObject({
    code: "corrupt",
    message: expect.stringMatching(/\.raft is damaged .*nothing was changed/),
  });
});

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Members, put, putAtLast, until, valueOf } from "./members.ts";

const read = (name: string): Buffer =>
  readFileSync(new URL(`../../../raft-net/test/certificates/${name}`, import.meta.url));

const ca = read("cluster.crt");
const ours = { key: read("member.key"), cert: read("member.crt"), ca };
const strangers = { key: read("stranger.key"), cert: read("stranger.crt"), ca };

test("members speak TLS with each other, and one with another certificate is none of them", async () => {
  await using members = await Members.start(3, { peerTls: ours });
  const follower = await members.follower();
  await put(follower, "k", "1");
  await members.stop(follower.name);
  const stranger = await members.start(follower.name, { peerTls: strangers });
  await putAtLast(
    members.all.find((each) => each !== stranger)!,
    "k",
    "2",
  );
  await until(() => stranger.member.status().advice);
  expect(stranger.member.status().leader).toBe(0);
  expect(await valueOf(stranger, "k", { serializable: true })).toBe("1");
  await members.stop(follower.name);
  const back = await members.start(follower.name);
  await putAtLast(back, "k", "3");
  expect(await valueOf(await members.leader(), "k")).toBe("3");
});

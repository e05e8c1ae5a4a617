import { logIndex, memberId } from "@lattice/raft";
import { expect, it, vi } from "vitest";
import { bytes, Cluster, promote, QUICK, until, type Member } from "./harness/cluster.ts";

const FEW = { snapshotCount: 10, tailCount: 3, raft: { ...QUICK, chunkBytesMax: 64 } };

async function write(member: Member, from: number, count: number): Promise<void> {
  for (let at = from; at < from + count; at++) await member.node.propose(bytes(`name${at % 20}=${at}`));
}

it("the log is cut off behind a checkpoint, and a tail stays", async () => {
  await using cluster = await Cluster.start(1, FEW);
  const member = await cluster.leader();
  await write(member, 0, 35);
  await until(() => cluster.places.get(memberId(1))!.log.latest.base.index > 20);
  const { base, snapshot } = cluster.places.get(memberId(1))!.log.latest;
  expect(snapshot!.index - base.index).toBe(3);
  expect(cluster.places.get(memberId(1))!.state.kept.id.index).toBeGreaterThanOrEqual(snapshot!.index);
});

it("a follower that was away for long gets the state, while writes go on", async () => {
  await using cluster = await Cluster.start(3, FEW);
  const leader = await cluster.leader();
  const follower = await cluster.follower();
  await write(leader, 0, 5);
  await cluster.kill(follower.node.id);
  await write(leader, 5, 100);
  const replaced: number[] = [];
  const back = await cluster.start(follower.node.id, { stateReplaced: ({ index }) => replaced.push(index) });
  for (let at = 105; back.node.status().applied < 50; at++) await write(leader, at, 1);
  await leader.node.propose(bytes("last=yes"));
  await until(() => back.machine.get("last") === "yes");
  expect(replaced.length).toBeGreaterThan(0);
  expect(back.machine.count).toBe(leader.machine.count);
  await back.node.propose(bytes("more=yes"));
  // Its file is not needed any more, on either side.
  await until(() => [...cluster.places.values()].every(({ snapshots }) => snapshots.names.length === 0));
});

it("nothing is made or kept for a follower that is not there", async () => {
  await using cluster = await Cluster.start(3, FEW);
  const leader = await cluster.leader();
  const follower = await cluster.follower();
  await write(leader, 0, 5);
  await cluster.kill(follower.node.id);
  const { log, snapshots } = cluster.places.get(leader.node.id)!;
  const create = vi.spyOn(snapshots, "create");
  await write(leader, 5, 300);
  expect(create).not.toHaveBeenCalled();
  expect(log.latest.entries.length).toBeLessThan(60);
});

it("a new member gets the state, becomes a voter, and is removed again", async () => {
  await using cluster = await Cluster.start(3, FEW);
  const leader = await cluster.leader();
  await write(leader, 0, 100);
  const id = memberId(4);
  await leader.node.changeMembership([{ kind: "add-learner", member: id }]);
  const removed: string[] = [];
  const joined = await cluster.start(id, { removed: (why) => removed.push(why) });
  await until(() => joined.machine.get("name19") === "99");
  await promote(leader, id);
  expect(leader.node.status().membership.voters).toContain(id);
  await joined.node.propose(bytes("joined=yes"));
  await leader.node.changeMembership([{ kind: "remove", member: id }]);
  await until(() => removed.length > 0);
});

it("who joins is not removed by memberships from before its time", async () => {
  await using cluster = await Cluster.start(3);
  const leader = await cluster.leader();
  await write(leader, 0, 5);
  const id = memberId(4);
  await leader.node.changeMembership([{ kind: "add-learner", member: id }]);
  const removed: string[] = [];
  const joined = await cluster.start(id, { removed: (why) => removed.push(why) });
  await until(() => joined.node.status().applied === leader.node.status().applied);
  expect(removed).toEqual([]);
  await leader.node.changeMembership([{ kind: "remove", member: id }]);
  await until(() => removed.length > 0);
});

it("a crash between staging a snapshot and writing its name keeps the old state; one after takes the new", async () => {
  await using cluster = await Cluster.start(3, FEW);
  const leader = await cluster.leader();
  const follower = await cluster.follower();
  const { id } = follower.node;
  await write(leader, 0, 5);
  await until(() => follower.node.status().applied === leader.node.status().applied);
  await cluster.kill(id);
  const place = cluster.places.get(id)!;
  const stale = {
    id: { index: logIndex(9999), term: leader.node.status().term },
    texts: new Map(),
    count: 7,
  };
  place.state.staged = stale;
  const back = await cluster.start(id);
  expect(place.state.staged).toBeUndefined();
  expect(back.machine.count).toBeLessThan(10);
  await write(leader, 5, 5);
  await until(() => back.node.status().applied === leader.node.status().applied);
  await cluster.kill(id);
  const { log } = place;
  const { last, membership } = leader.node.status();
  const snapshot = { ...last, index: logIndex(last.index + 50), membership, sizeBytes: 0, checksum: 0 };
  await log.write({ snapshot });
  place.state.staged = { id: { index: snapshot.index, term: snapshot.term }, texts: new Map(), count: 77 };
  place.log = log.crash();
  const again = await cluster.start(id);
  expect(again.machine.count).toBe(77);
});

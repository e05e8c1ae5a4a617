import { memberId } from "@lattice/raft";
import { describe, expect, it } from "vitest";
import { hasRoomOn, reasonOf } from "../src/index.ts";
import { bytes, Cluster, rejection, until } from "./harness/cluster.ts";

describe("a full disk", () => {
  it("pauses a follower, which refuses requests, shows what it has, and goes on when there is room", async () => {
    await using cluster = await Cluster.start(3, { hasRoom: async () => hasRoom });
    let hasRoom = false;
    const leader = await cluster.leader();
    const { id } = (await cluster.follower()).node;
    await cluster.kill(id);
    const events: string[] = [];
    const { node, machine } = await cluster.start(id, {
      paused: () => events.push("paused"),
      resumed: () => events.push("resumed"),
      failed: () => events.push("failed"),
    });
    await leader.node.propose(bytes("a=1"));
    await until(() => machine.get("a") === "1");
    const { disk } = cluster.places.get(id)!;
    disk.fill();
    await leader.node.propose(bytes("a=2"));
    await until(() => node.status().state === "paused");
    expect(events).toEqual(["paused"]);
    expect(reasonOf(await rejection(node.propose(bytes("b=1"))))).toBe("no-space");
    expect(reasonOf(await rejection(node.readBarrier()))).toBe("no-space");
    expect(machine.get("a")).toBe("1");
    disk.mend();
    hasRoom = true;
    await until(() => machine.get("a") === "2");
    expect(events).toEqual(["paused", "resumed"]);
    await node.propose(bytes("b=2"));
    expect(machine.get("b")).toBe("2");
  });

  it("makes a leader hand over", async () => {
    await using cluster = await Cluster.start(3, { hasRoom: async () => false });
    const leader = await cluster.leader();
    await leader.node.propose(bytes("a=1"));
    const { term } = leader.node.status();
    cluster.places.get(leader.node.id)!.disk.fill();
    const outcome = await leader.node.propose(bytes("a=2")).catch((error: unknown) => reasonOf(error));
    expect(["leader-lost", "no-space"]).toContain(outcome);
    await until(() => leader.node.status().state === "paused");
    const others = [...cluster.members.values()].filter((each) => each !== leader);
    await until(() => others.some(({ node }) => node.status().role === "leader"));
    const next = others.find(({ node }) => node.status().role === "leader")!;
    // In the very next term: nobody had to wait for its silence.
    expect(next.node.status().term).toBe(term + 1);
    await next.node.propose(bytes("a=3"));
  });

  it("of a member alone ends when there is room, and nothing that was answered is gone", async () => {
    let hasRoom = false;
    await using cluster = await Cluster.start(1, { hasRoom: async () => hasRoom });
    const { node, machine } = await cluster.leader();
    await node.propose(bytes("a=1"));
    const { disk } = cluster.places.get(memberId(1))!;
    disk.fill();
    expect(reasonOf(await rejection(node.propose(bytes("a=2"))))).toBe("leader-lost");
    expect(reasonOf(await rejection(node.propose(bytes("a=3"))))).toBe("no-space");
    disk.mend();
    hasRoom = true;
    await until(() => node.status().state === "running" && node.status().role === "leader");
    expect(machine.get("a")).toBe("1");
    await node.propose(bytes("a=4"));
    expect(machine.get("a")).toBe("4");
  });

  it("that shows at a checkpoint only leaves the log longer", async () => {
    await using cluster = await Cluster.start(1, { snapshotCount: 5 });
    const { node } = await cluster.leader();
    const { state, log } = cluster.places.get(memberId(1))!;
    let isFull = true;
    const { LatticeError } = await import("@lattice/model");
    state.sync = async () => {
      if (isFull) throw new LatticeError("disk-full", "no room for the state");
    };
    for (let at = 0; at < 20; at++) await node.propose(bytes(`a=${at}`));
    expect(log.latest.snapshot).toBeUndefined();
    isFull = false;
    await until(() => log.latest.snapshot !== undefined);
  });
});

it("room on a disk is what is free", async () => {
  expect(await hasRoomOn(import.meta.dirname, 1)).toBe(true);
  expect(await hasRoomOn(import.meta.dirname, Number.MAX_SAFE_INTEGER)).toBe(false);
});

describe("a disk that fails otherwise", () => {
  it("ends the member, which says why", async () => {
    await using cluster = await Cluster.start(3);
    const { id } = (await cluster.follower()).node;
    await cluster.kill(id);
    const failures: string[] = [];
    const { node } = await cluster.start(id, { failed: ({ message }) => failures.push(message) });
    cluster.places.get(id)!.disk.fail(new Error("the disk is gone"));
    const leader = await cluster.leader();
    await leader.node.propose(bytes("a=1"));
    await until(() => failures.length > 0);
    expect(failures).toEqual(["the disk is gone"]);
    expect(node.status().state).toBe("failed");
    const error = await rejection(node.propose(bytes("a=2")));
    expect([reasonOf(error), error.message]).toEqual(["stopped", "the disk is gone"]);
  });
});

it("a snapshot that comes damaged is asked for again", async () => {
  await using cluster = await Cluster.start(3, { snapshotCount: 10, tailCount: 3 });
  const leader = await cluster.leader();
  const { id } = (await cluster.follower()).node;
  await cluster.kill(id);
  for (let at = 0; at < 60; at++) await leader.node.propose(bytes(`a=${at}`));
  const { snapshots } = cluster.places.get(id)!;
  const create = snapshots.create.bind(snapshots);
  let created = 0;
  snapshots.create = async (name) => {
    const file = await create(name);
    if (created++ > 0) return file;
    return {
      ...file,
      write: (data, offset) => file.write(data.toReversed(), offset),
      read: file.read.bind(file),
      sync: file.sync.bind(file),
      remove: file.remove.bind(file),
    };
  };
  const { machine, node } = await cluster.start(id);
  await until(() => machine.get("a") === "59");
  expect(created).toBeGreaterThan(1);
  expect(node.status().state).toBe("running");
});

it("a state that is ahead of its log, or does not reach it, is refused", async () => {
  await using cluster = await Cluster.start(1);
  const { node } = await cluster.leader();
  await node.propose(bytes("a=1"));
  await cluster.kill(memberId(1));
  const place = cluster.places.get(memberId(1))!;
  const { log } = place;
  const { kept } = place.state;
  place.state.kept = { ...kept, id: { ...kept.id, index: (kept.id.index + 50) as typeof kept.id.index } };
  await expect(cluster.start(memberId(1))).rejects.toThrow("the log ends at entry");
  place.state.kept = kept;
  place.log = log.crash();
});

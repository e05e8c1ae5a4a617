import { isJoint, memberId } from "@lattice/raft";
import { describe, expect, it } from "vitest";
import { askToReplace, leaderIn, reasonOf, systemMonotonicClock, type Replacement } from "../src/index.ts";
import { bytes, CLUSTER, Cluster, promote, rejection, until } from "./harness/cluster.ts";

const FOUR = memberId(4);

describe("leadership", () => {
  it("is handed to whom it should go, and proposals meanwhile are answered", async () => {
    await using cluster = await Cluster.start(3);
    const leader = await cluster.leader();
    const follower = await cluster.follower();
    const proposals = Array.from({ length: 50 }, (_, at) => leader.node.propose(bytes(`a=${at}`)));
    const transfer = leader.node.transfer(follower.node.id);
    for (let at = 50; at < 100; at++) proposals.push(leader.node.propose(bytes(`a=${at}`)));
    await transfer;
    await Promise.all(proposals);
    expect(leader.node.leader).toBe(follower.node.id);
    await until(() => follower.node.status().role === "leader");
    expect(leader.machine.get("a")).toBeDefined();
  });

  it("is not handed to one who is no voter, nor by one who does not lead", async () => {
    await using cluster = await Cluster.start(3);
    const leader = await cluster.leader();
    const follower = await cluster.follower();
    expect(reasonOf(await rejection(leader.node.transfer(memberId(9))))).toBe("invalid");
    const error = await rejection(follower.node.transfer(follower.node.id));
    expect([reasonOf(error), leaderIn(error)]).toEqual(["not-leader", leader.node.id]);
  });

  it("is not handed to one who does not answer", async () => {
    await using cluster = await Cluster.start(3);
    const leader = await cluster.leader();
    const follower = await cluster.follower();
    await cluster.kill(follower.node.id);
    expect(reasonOf(await rejection(leader.node.transfer(follower.node.id)))).toBe("timeout");
    await leader.node.propose(bytes("a=1"));
  });

  it("is handed over by one who stops", async () => {
    await using cluster = await Cluster.start(3);
    const leader = await cluster.leader();
    const others = [...cluster.members.values()].filter((each) => each !== leader);
    await leader.node.propose(bytes("a=1"));
    cluster.members.delete(leader.node.id);
    await leader.node.stop({ transfer: true });
    const [next] = others.filter(({ node }) => node.status().role === "leader");
    expect(next).toBeDefined();
    await next!.node.propose(bytes("a=2"));
  });
});

describe("members", () => {
  it("come and go while requests are answered", async () => {
    await using cluster = await Cluster.start(3, { snapshotCount: 20, tailCount: 5 });
    const leader = await cluster.leader();
    // A new leader changes nothing before it has committed something.
    await leader.node.propose(bytes("begun=yes"));
    let isOver = false;
    let count = 0;
    const load = [...cluster.members.values()].map(async ({ node }) => {
      while (!isOver) {
        count += 1;
        await node.propose(bytes(`key${count % 10}=${count}`));
      }
    });
    for (let round = 0; round < 3; round++) {
      const id = memberId(10 + round);
      await leader.node.changeMembership([{ kind: "add-learner", member: id }]);
      const joined = await cluster.start(id);
      await promote(leader, id);
      await joined.node.propose(bytes(`joined=${id}`));
      await leader.node.changeMembership([{ kind: "remove", member: id }]);
    }
    isOver = true;
    await Promise.all(load);
    expect(leader.machine.get("joined")).toBe("12");
  });

  it("are changed by the leader only, and one change at a time", async () => {
    await using cluster = await Cluster.start(3);
    const leader = await cluster.leader();
    const follower = await cluster.follower();
    const change = [{ kind: "add-learner", member: FOUR }] as const;
    await leader.node.propose(bytes("begun=yes"));
    expect(reasonOf(await rejection(follower.node.changeMembership(change)))).toBe("not-leader");
    const first = leader.node.changeMembership(change);
    expect(reasonOf(await rejection(leader.node.changeMembership(change)))).toBe("change-under-way");
    expect((await first).learners).toEqual([FOUR]);
  });

  it("hear that they are removed, also by those they ask later", async () => {
    await using cluster = await Cluster.start(3);
    const leader = await cluster.leader();
    const follower = await cluster.follower();
    const { id } = follower.node;
    await leader.node.propose(bytes("begun=yes"));
    await cluster.kill(id);
    await leader.node.changeMembership([{ kind: "remove", member: id }]);
    const { membership, applied } = leader.node.status();
    const rest = new Map(membership.voters.map((each) => [each, [cluster.peers.addressOf(each)]]));
    for (const { node } of cluster.members.values()) node.network.setPeers(rest, applied);
    const removed: string[] = [];
    await cluster.start(id, { removed: (why) => removed.push(why) });
    await until(() => removed.length > 0);
    expect(removed[0]).toContain("removed");
  });
});

describe("a member whose log is damaged", () => {
  it("is replaced by a new one that becomes a voter by itself", async () => {
    const prepared: Replacement[] = [];
    await using cluster = await Cluster.start(3, {
      prepareReplacement: async (replacement) => void prepared.push(replacement),
    });
    const leader = await cluster.leader();
    const follower = await cluster.follower();
    await leader.node.propose(bytes("a=1"));
    const replaced = follower.node.id;
    await cluster.kill(replaced);
    const note = bytes("still the same name");
    const request = { cluster: CLUSTER, replaced, by: FOUR, note };
    await ask(cluster, request);
    // Who crashed before it heard asks again.
    await ask(cluster, request);
    expect(prepared).toMatchObject([{ replaced, by: FOUR }]);
    expect(Buffer.from(prepared[0]!.note)).toEqual(note);
    await until(() => leader.node.status().membership.learners.includes(FOUR));
    expect(leader.node.status().membership.voters).not.toContain(replaced);
    const { node, machine } = await cluster.start(FOUR, {}, { isReplacement: true });
    await until(() => {
      const { membership, last, commit } = leader.node.status();
      return membership.voters.includes(FOUR) && !isJoint(membership) && commit === last.index;
    });
    expect(node.status().role).toBe("follower");
    expect(machine.get("a")).toBe("1");
    await cluster.kill([...cluster.members.keys()].find((id) => id !== FOUR && id !== leader.node.id)!);
    await leader.node.propose(bytes("a=2"));
    expect(machine.count).toBeGreaterThanOrEqual(2);
  });

  it("is told why it cannot be replaced", async () => {
    await using cluster = await Cluster.start(3);
    const leader = await cluster.leader();
    const note = bytes("");
    const elsewhere = ask(cluster, { cluster: 99, replaced: leader.node.id, by: FOUR, note });
    expect(await rejection(elsewhere)).toMatchObject({ code: "failed-precondition" });
    const unknown = ask(cluster, { cluster: CLUSTER, replaced: memberId(9), by: FOUR, note });
    expect(await rejection(unknown)).toMatchObject({ code: "not-found" });
    const signal = AbortSignal.abort();
    const nobody = askToReplace({
      cluster: CLUSTER,
      replaced: memberId(1),
      by: FOUR,
      note,
      members: [],
      clock: systemMonotonicClock,
      signal,
    });
    expect(await rejection(nobody)).toMatchObject({ code: "unavailable" });
  });
});

function ask(cluster: Cluster, request: Replacement & { readonly cluster: number }): Promise<void> {
  const guest = cluster.peers.join({
    cluster: CLUSTER,
    id: memberId(999),
    events: { received: () => {}, lost: () => {}, refused: () => {} },
  });
  const { signal } = new AbortController();
  const members = [...cluster.members.keys()].map((id) => {
    const address = cluster.peers.addressOf(id);
    return (method: string, bytesOf: Uint8Array) => guest.introduce(address, method, bytesOf, { signal });
  });
  return askToReplace({ ...request, members, clock: systemMonotonicClock, signal });
}

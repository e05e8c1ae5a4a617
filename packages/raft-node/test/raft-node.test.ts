import { expect, it } from "vitest";
import { reasonOf } from "../src/index.ts";
import { bytes, Cluster, until } from "./harness/cluster.ts";

it("a member alone answers what is proposed", async () => {
  await using cluster = await Cluster.start(1);
  const { node, machine } = await cluster.leader();
  expect(await node.propose(bytes("a=1"))).toBe("2: a is 1");
  expect(machine.get("a")).toBe("1");
  expect(machine.get("begun")).toBe("yes");
});

it("the leader and followers answer what is proposed to them, and everybody applies it", async () => {
  await using cluster = await Cluster.start(3);
  const leader = await cluster.leader();
  const follower = await cluster.follower();
  expect(await leader.node.propose(bytes("a=1"))).toBe("2: a is 1");
  expect(await follower.node.propose(bytes("b=2"))).toBe("3: b is 2");
  expect(follower.machine.get("b")).toBe("2");
  await until(() => [...cluster.members.values()].every(({ machine }) => machine.get("b") === "2"));
});

it("requests of one turn share an entry", async () => {
  await using cluster = await Cluster.start(3);
  const leader = await cluster.leader();
  await leader.node.propose(bytes("a=0"));
  const before = leader.node.status().last.index;
  const results = await Promise.all(
    Array.from({ length: 100 }, (_, at) => leader.node.propose(bytes(`a=${at}`))),
  );
  expect(new Set(results).size).toBe(100);
  expect(leader.node.status().last.index).toBe(before + 1);
});

it("a read barrier at a follower shows what was answered at the leader", async () => {
  await using cluster = await Cluster.start(3);
  const leader = await cluster.leader();
  const follower = await cluster.follower();
  for (let at = 0; at < 50; at++) {
    await leader.node.propose(bytes(`a=${at}`));
    await follower.node.readBarrier();
    expect(follower.machine.get("a")).toBe(String(at));
  }
});

it("without a majority there is no leader, and that is said at once", async () => {
  await using cluster = await Cluster.start(3);
  const { node } = await cluster.leader();
  for (const id of [...cluster.members.keys()]) if (id !== node.id) await cluster.kill(id);
  await until(() => node.leader === 0);
  await until(() => node.status().role === "pre-candidate");
  const error = await node.propose(bytes("a=1")).catch((each: unknown) => each);
  expect(reasonOf(error)).toBe("no-leader");
  const readError = await node.readBarrier().catch((each: unknown) => each);
  expect(reasonOf(readError)).toBe("no-leader");
});

it("goes on after its leader was killed, and takes it back", async () => {
  await using cluster = await Cluster.start(3);
  const leader = await cluster.leader();
  await leader.node.propose(bytes("a=1"));
  await cluster.kill(leader.node.id);
  const next = await cluster.leader();
  await next.node.propose(bytes("a=2"));
  const back = await cluster.start(leader.node.id);
  await until(() => back.machine.get("a") === "2");
  await back.node.propose(bytes("a=3"));
  expect(back.machine.get("a")).toBe("3");
});

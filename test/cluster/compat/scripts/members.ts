/** member list, add, update, promote, remove; a learner that catches up and takes part. */
import { setTimeout as delay } from "node:timers/promises";
import { calls, CallFailure, EtcdClient } from "../../../../packages/testkit/src/clusters/index.ts";
import type { CommandOptions, Side } from "../side.ts";

const TRIES = 200;
const RETRY_MS = 50;
const LEARNER_ERROR = "Error: etcdserver: rpc not supported for learner";

export async function members(side: Side): Promise<void> {
  for (const format of ["simple", "json", "table", "fields"]) {
    await side.run(["member", "list", "-w", format], { isSorted: true });
  }
  await side.run(["member", "list"], { at: [side.addresses[2]!], isSorted: true });
  await refused(side);
  await learner(side);
  await voter(side);
  await removed(side);
}

async function refused(side: Side): Promise<void> {
  const first = await side.idOf("n1");
  await side.run(["member", "add"]);
  await side.run(["member", "add", "x"]);
  await side.run(["member", "add", "x", "--peer-urls="]);
  await side.run(["member", "add", "x", "--peer-urls=nonsense"]);
  await untilHealthy(side);
  await side.run(["member", "add", "x", `--peer-urls=${side.cluster.members[0]!.peerUrl}`]);
  await side.run(["member", "update", first]);
  await side.run(["member", "update", first, `--peer-urls=${side.cluster.members[1]!.peerUrl}`]);
  await side.run(["member", "update", "abc123", "--peer-urls=http://127.0.0.1:1"]);
  await side.run(["member", "promote", first]);
  await side.run(["member", "promote", "abc123"]);
  await side.run(["member", "promote"]);
  await side.run(["member", "remove", "abc123"]);
  await side.run(["member", "remove", "nonsense"]);
  await side.run(["member", "remove"]);
}

async function learner(side: Side): Promise<void> {
  const seat = await side.newSeat("n4");
  const url = `http://127.0.0.1:${seat.peerPortSeen}`;
  const added = await addRetried(side, ["member", "add", "n4", "--learner", `--peer-urls=${url}`]);
  const id = await side.nameMember("n4", url);
  side.note("etcdctl member add n4 --learner", sortedCluster(side.mask.apply(added)));
  await side.run(["member", "list"], { isSorted: true });
  await side.run(["member", "add", "n5", "--learner", "--peer-urls=http://127.0.0.1:2"]);
  await side.run(["member", "promote", id.toString(16)]);
  const member = side.join(seat);
  await untilStarted(side, id);
  await side.run(["put", "while-learning", "1"]);
  await side.run(["get", "while-learning", "--consistency=s"], { at: [member.address], isSilent: true });
  // It is tried again until the time is over, and which error comes last is a matter of luck.
  const mask: CommandOptions["mask"] = [[/Error: context deadline exceeded/g, LEARNER_ERROR]];
  await side.run(["get", "while-learning"], { at: [member.address], mask });
  await side.run(["put", "at-learner", "1"], { at: [member.address] });
  await side.run(["move-leader", id.toString(16)]);
  await side.run(["member", "list"], { isSorted: true });
  await promoted(side, id);
  await side.run(["member", "list"], { isSorted: true });
  await side.run(["member", "promote", id.toString(16)]);
  await side.cluster.untilServing(member);
  await side.run(["get", "while-learning"], { at: [member.address] });
  await side.run(["endpoint", "health"], { at: side.addresses, isSorted: true });
}

async function untilStarted(side: Side, id: bigint): Promise<void> {
  using client = new EtcdClient(side.leader.address);
  for (let tries = 0; tries < TRIES; tries++) {
    const { members: list } = await client.call(calls.memberList, {});
    if (list.find((each) => each.id === id)!.clientURLs.length > 0) return;
    await delay(RETRY_MS);
  }
  throw new Error("the learner does not tell its client address");
}

/** As soon as it has caught up. */
async function promoted(side: Side, id: bigint): Promise<void> {
  using client = new EtcdClient(side.leader.address);
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      await client.call(calls.memberPromote, { id });
      return;
    } catch (error) {
      if (!(error instanceof CallFailure)) throw error;
      await delay(RETRY_MS);
    }
  }
  throw new Error("the learner is not promoted");
}

/** With four members a fifth that never starts still leaves a majority. */
async function voter(side: Side): Promise<void> {
  const seat = await side.newSeat("n5");
  const url = `http://127.0.0.1:${seat.peerPortSeen}`;
  const added = await addRetried(side, ["member", "add", "n5", `--peer-urls=${url}`]);
  const id = await side.nameMember("n5", url);
  side.note("etcdctl member add n5", sortedCluster(side.mask.apply(added)));
  await side.run(["member", "list"], { isSorted: true });
  await side.run(["member", "add", "n6", "--peer-urls=http://127.0.0.1:3"]);
  await side.run(["member", "update", id.toString(16), "--peer-urls=http://127.0.0.1:4"]);
  await side.run(["member", "list"], { isSorted: true });
  await side.run(["member", "remove", id.toString(16)]);
  await side.run(["member", "remove", id.toString(16)]);
  await side.run(["member", "promote", id.toString(16)]);
}

async function addRetried(side: Side, words: readonly string[]): Promise<string> {
  await untilHealthy(side);
  const { out, err } = await side.run(words, { isSilent: true });
  return out + err;
}

/** etcd wants five seconds of quiet connections before it calls a cluster healthy; an address that is taken shows it. */
async function untilHealthy(side: Side): Promise<void> {
  const words = ["member", "add", "x", "--learner", `--peer-urls=${side.cluster.members[0]!.peerUrl}`];
  for (let tries = 0; tries < TRIES; tries++) {
    const { err } = await side.run(words, { isSilent: true });
    if (!err.includes("unhealthy cluster")) return;
    await delay(RETRY_MS);
  }
  throw new Error("the cluster stays unhealthy");
}

async function removed(side: Side): Promise<void> {
  const member = side.cluster.members.at(-1)!;
  await side.run(["member", "remove", await side.idOf("n4")]);
  await member.ended();
  side.note("n4 ends by itself", `ended: ${!member.isRunning}`);
  await side.run(["member", "list"], { isSorted: true });
  await side.run(["put", "after", "1"]);
}

/** The line for those who start the new member names all, in the order of their ids. */
function sortedCluster(text: string): string {
  return text.replace(/ETCD_INITIAL_CLUSTER="([^"]*)"/, (_, list: string) => {
    return `ETCD_INITIAL_CLUSTER="${list.split(",").toSorted().join(",")}"`;
  });
}

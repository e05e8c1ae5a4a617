/** What an operator does while the cluster is under load: leaders moved, history compacted, members replaced. */
import { setTimeout as delay } from "node:timers/promises";
import { calls, type MemberProcess } from "../../../../packages/testkit/src/clusters/index.ts";
import type { ChaosWorld } from "../chaos-world.ts";
import type { Fault } from "./fault.ts";
import { release, takeTarget } from "./target.ts";

const DEADLINE_MS = 3_000;
const RETRY_MS = 200;
/** For somebody to catch up, or to notice that it was removed. */
const PATIENCE_MS = 20_000;
/** Members are added up to so many more than there were. */
const MORE_MAX = 2;
/** Revisions that are kept: those who lag a little can go on. */
const KEPT_REVISIONS = 2_000;

export const moveLeader: Fault = {
  name: "move-leader",
  weight: 3,
  async begin(world, draw) {
    const at = draw.pick(60);
    const target = world.members[at % world.members.length]!;
    const id = await world.idOf(target.name);
    if (id === undefined) return undefined;
    world.note(`move the leadership to ${target.name}`);
    await world.ask(
      (client) => client.call(calls.moveLeader, { targetID: id }, { deadlineMs: DEADLINE_MS }),
      3,
    );
    return async () => undefined;
  },
};

export const compact: Fault = {
  name: "compact",
  weight: 1,
  async begin(world) {
    const revision = await world.ask(async (client) => {
      const { header } = await client.call(
        calls.range,
        { key: Buffer.from("none") },
        { deadlineMs: DEADLINE_MS },
      );
      return header!.revision;
    });
    if (revision === undefined || revision <= KEPT_REVISIONS) return undefined;
    const upTo = revision - BigInt(KEPT_REVISIONS);
    world.note(`compact up to ${upTo}`);
    await world.ask(
      (client) => client.call(calls.compact, { revision: upTo }, { deadlineMs: DEADLINE_MS }),
      3,
    );
    return async () => undefined;
  },
};

/** A new member learns, votes, and later another one, or itself, is removed. */
export const replaceMember: Fault = {
  name: "replace-member",
  weight: 2,
  async begin(world, draw) {
    if (world.members.length >= world.size + MORE_MAX) return undefined;
    const added = await addMember(world);
    if (added === undefined) return undefined;
    return async () => {
      const member = await takeTarget(world, draw);
      if (member === undefined) return;
      await removeMember(world, member);
    };
  },
};

async function addMember(world: ChaosWorld): Promise<MemberProcess | undefined> {
  const seat = await world.newSeat();
  const request = { peerURLs: [`http://127.0.0.1:${seat.peerPortSeen}`], isLearner: true };
  const added = await world.ask(
    (client) => client.call(calls.memberAdd, request, { deadlineMs: DEADLINE_MS }),
    10,
  );
  // Where there was no answer it may have been added: then it must start, or be removed.
  const id = added?.member?.id ?? (await idOfPeer(world, request.peerURLs[0]!));
  if (id === undefined) {
    world.network.removeMember(seat.name);
    return undefined;
  }
  world.note(`add ${seat.name} as learner`);
  const member = world.join(seat);
  world.busy.add(member.name);
  const isPromoted = await promote(world, id);
  world.note(`${seat.name} ${isPromoted ? "votes" : "does not get a vote, and goes"}`);
  if (!isPromoted) await removeMember(world, member, id);
  release(world, member);
  return isPromoted ? member : undefined;
}

async function idOfPeer(world: ChaosWorld, url: string): Promise<bigint | undefined> {
  const list = await world.ask((client) =>
    client.call(calls.memberList, { linearizable: true }, { deadlineMs: DEADLINE_MS }),
  );
  return list?.members.find(({ peerURLs }) => peerURLs.includes(url))?.id;
}

async function promote(world: ChaosWorld, id: bigint): Promise<boolean> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (performance.now() < giveUpAt) {
    const answer = await world.ask(
      (client) => client.call(calls.memberPromote, { id }, { deadlineMs: DEADLINE_MS }),
      1,
    );
    if (answer !== undefined) return true;
    const list = await world.ask(
      (client) => client.call(calls.memberList, { linearizable: true }, { deadlineMs: DEADLINE_MS }),
      1,
    );
    if (list?.members.find((each) => each.id === id)?.isLearner === false) return true;
    await delay(RETRY_MS);
  }
  return false;
}

/** Who is removed says so and ends; until it is known to be out it stays a member for everybody else. */
async function removeMember(world: ChaosWorld, member: MemberProcess, known?: bigint): Promise<void> {
  const id = known ?? (await world.idOf(member.name));
  if (id === undefined) {
    release(world, member);
    return;
  }
  world.note(`remove ${member.name}`);
  if (!(await isRemoved(world, id))) {
    world.note(`${member.name} could not be removed`);
    release(world, member);
    return;
  }
  const ended = await Promise.race([
    member.ended().then(() => true),
    delay(PATIENCE_MS, false, { ref: false }),
  ]);
  release(world, member);
  if (ended) world.forget(member);
  // It may have been out of reach, and has time until all is well again.
  else world.linger(member);
}

async function isRemoved(world: ChaosWorld, id: bigint): Promise<boolean> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (performance.now() < giveUpAt) {
    await world.ask((client) => client.call(calls.memberRemove, { id }, { deadlineMs: DEADLINE_MS }), 1);
    const list = await world.ask((client) =>
      client.call(calls.memberList, { linearizable: true }, { deadlineMs: DEADLINE_MS }),
    );
    if (list !== undefined && list.members.every((each) => each.id !== id)) return true;
    await delay(RETRY_MS);
  }
  return false;
}

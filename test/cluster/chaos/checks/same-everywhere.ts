/** All members hold the same: hashes of keys and history at one revision. */
import { setTimeout as delay } from "node:timers/promises";
import { calls, EtcdClient, type MemberProcess } from "../../../../packages/testkit/src/clusters/index.ts";

const DEADLINE_MS = 10_000;
const TRIES = 100;
const RETRY_MS = 100;

export async function differingHashes(
  members: readonly MemberProcess[],
  revision: number,
): Promise<string[]> {
  const hashes = await Promise.all(members.map((member) => hashOf(member, revision)));
  const told = hashes.map(
    ({ name, hash, compactRevision }) => `${name} ${hash} (compacted ${compactRevision})`,
  );
  const isSame = new Set(hashes.map(({ hash, compactRevision }) => `${hash} ${compactRevision}`)).size === 1;
  return isSame ? [] : [`hashes at revision ${revision} differ: ${told.join(", ")}`];
}

/** All members name the same members at the same addresses. */
export async function differingMembers(members: readonly MemberProcess[]): Promise<string[]> {
  const lists = await Promise.all(members.map((member) => membersAsSeenBy(member)));
  if (new Set(lists.map(({ list }) => list)).size === 1) return [];
  return [`members differ: ${lists.map(({ name, list }) => `${name} knows ${list}`).join("; ")}`];
}

async function membersAsSeenBy({ name, address }: MemberProcess): Promise<{ name: string; list: string }> {
  const { members } = await asked(address, (client) => {
    return client.call(calls.memberList, { linearizable: true }, { deadlineMs: DEADLINE_MS });
  });
  const told = members.map((each) => {
    return `${each.id.toString(16)} ${each.name} ${each.peerURLs.join(" ")} ${each.clientURLs.join(" ")} ${each.isLearner}`;
  });
  return { name, list: told.toSorted().join(", ") };
}

async function hashOf(
  { name, address }: MemberProcess,
  revision: number,
): Promise<{ name: string; hash: number; compactRevision: bigint }> {
  const { hash, compactRevision } = await asked(address, (client) => {
    return client.call(calls.hashKv, { revision: BigInt(revision) }, { deadlineMs: DEADLINE_MS });
  });
  return { name, hash, compactRevision };
}

/** It may not have come that far yet, and on a busy machine a leader may be lost without any fault. */
async function asked<T>(address: string, body: (client: EtcdClient) => Promise<T>): Promise<T> {
  using client = new EtcdClient(address);
  for (let left = TRIES; ; left--) {
    try {
      return await body(client);
    } catch (error) {
      if (left === 0) throw error;
      await delay(RETRY_MS);
    }
  }
}

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

async function hashOf(
  { name, address }: MemberProcess,
  revision: number,
): Promise<{ name: string; hash: number; compactRevision: bigint }> {
  using client = new EtcdClient(address);
  for (let left = TRIES; ; left--) {
    try {
      const request = { revision: BigInt(revision) };
      const { hash, compactRevision } = await client.call(calls.hashKv, request, { deadlineMs: DEADLINE_MS });
      return { name, hash, compactRevision };
    } catch (error) {
      // It may not have come that far yet.
      if (left === 0) throw error;
      await delay(RETRY_MS);
    }
  }
}

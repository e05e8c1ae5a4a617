/** How long nobody's put is acknowledged after the leader was killed with SIGKILL. */
import { setTimeout as delay } from "node:timers/promises";
import { calls, EtcdClient, type MemberProcess } from "@lattice/testkit/clusters";
import type { Contestant } from "./contestant.ts";

/** A new attempt at each survivor, whatever became of those before. */
const ATTEMPT_EVERY_MS = 5;
const ATTEMPT_MS = 1_000;
const GIVE_UP_MS = 30_000;

/** In milliseconds; afterwards all members serve again. */
export async function measureFailover({ cluster }: Contestant): Promise<number> {
  const leader = await cluster.leader();
  const survivors = cluster.members.filter((member) => member !== leader);
  const clients = survivors.map(({ address }) => new EtcdClient(address));
  try {
    // Connections are there, as a client's would be.
    await Promise.all(clients.map((client) => put(client)));
    const start = performance.now();
    const killed = leader.end("SIGKILL");
    await firstPut(clients);
    const elapsed = performance.now() - start;
    await killed;
    return elapsed;
  } finally {
    for (const client of clients) client.close();
    await restored(cluster.members, leader, () => cluster.untilServing(leader));
  }
}

async function firstPut(clients: readonly EtcdClient[]): Promise<void> {
  const giveUpAt = performance.now() + GIVE_UP_MS;
  const { promise, resolve } = Promise.withResolvers<void>();
  let isDone = false;
  void promise.then(() => (isDone = true));
  while (!isDone) {
    if (performance.now() > giveUpAt) throw new Error(`no put is acknowledged within ${GIVE_UP_MS} ms`);
    for (const client of clients) put(client).then(resolve, () => undefined);
    await Promise.race([promise, delay(ATTEMPT_EVERY_MS)]);
  }
}

async function put(client: EtcdClient): Promise<void> {
  const request = { key: Buffer.from("bench/failover"), value: Buffer.alloc(256, "v") };
  await client.call(calls.put, request, { deadlineMs: ATTEMPT_MS });
}

/** Who was killed comes back and has what it missed. */
async function restored(
  members: readonly MemberProcess[],
  killed: MemberProcess,
  untilServing: () => Promise<void>,
): Promise<void> {
  killed.start();
  await untilServing();
  for (;;) {
    const applied = await Promise.all(members.map(({ address }) => appliedIndex(address)));
    if (applied.every((index) => index === applied[0])) return;
    await delay(100);
  }
}

async function appliedIndex(address: string): Promise<bigint> {
  using client = new EtcdClient(address);
  const { raftAppliedIndex } = await client.call(calls.status, {}, { deadlineMs: ATTEMPT_MS });
  return raftAppliedIndex;
}

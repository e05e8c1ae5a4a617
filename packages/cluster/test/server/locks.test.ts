import { etcdserverpb, v3electionpb, v3lockpb } from "@lattice/etcd-proto";
import { utf8 } from "@lattice/model";
import { expect, test } from "vitest";
import type { GrpcClient } from "../etcd/grpc-client.ts";
import { Members } from "./members.ts";
import { statusOfCall } from "./status.ts";

const { KV, Lease } = etcdserverpb;
const { Lock } = v3lockpb;
const { Election } = v3electionpb;

const name = utf8("n");

async function grant(client: GrpcClient): Promise<bigint> {
  return (await client.ask<etcdserverpb.LeaseGrantResponse>(Lease, "LeaseGrant", { ttl: 600n })).id;
}

async function valueOf(client: GrpcClient, key: string): Promise<string | undefined> {
  const { kvs } = await client.ask<etcdserverpb.RangeResponse>(KV, "Range", { key: utf8(key) });
  return kvs[0] && Buffer.from(kvs[0].value).toString();
}

test("who holds the lock reads and writes alone, whichever member he asks", async () => {
  await using members = await Members.start(["a", "b", "c"]);
  const clients = ["a", "b", "c"].map((each) => members.of(each).client);
  for (const client of clients) await client.untilServing();
  const add = async (client: GrpcClient): Promise<void> => {
    const lease = await grant(client);
    const { key } = await client.ask<v3lockpb.LockResponse>(Lock, "Lock", { name, lease });
    const before = Number((await valueOf(client, "count")) ?? 0);
    await client.ask(KV, "Put", { key: utf8("count"), value: utf8(String(before + 1)) });
    await client.ask(Lock, "Unlock", { key });
  };
  await Promise.all(Array.from({ length: 30 }, (_, at) => add(clients[at % 3]!)));
  expect(await valueOf(clients[0]!, "count")).toBe("30");
});

test("the lock goes on when a lease ends, and is refused to who waits with none", async () => {
  await using members = await Members.start(["a", "b", "c"]);
  const [a, b, c] = ["a", "b", "c"].map((each) => members.of(each).client) as [
    GrpcClient,
    GrpcClient,
    GrpcClient,
  ];
  for (const client of [a, b, c]) await client.untilServing();
  const leases = [await grant(a), await grant(a), await grant(a)] as const;
  await a.ask(Lock, "Lock", { name, lease: leases[0] });
  const waitsInVain = statusOfCall(b.ask(Lock, "Lock", { name, lease: leases[1] }));
  await untilKeys(a, 2);
  const waits = c.ask<v3lockpb.LockResponse>(Lock, "Lock", { name, lease: leases[2] });
  await untilKeys(a, 3);
  await c.ask(Lease, "LeaseRevoke", { id: leases[1] });
  expect(await waitsInVain).toBe("2 mutex: session is expired");
  await b.ask(Lease, "LeaseRevoke", { id: leases[0] });
  expect(Buffer.from((await waits).key).toString()).toBe(`n/${leases[2].toString(16)}`);
});

test("an election has its next winner when the member that the last one asked is gone", async () => {
  await using members = await Members.start(["a", "b", "c"]);
  const [a, b] = ["a", "b"].map((each) => members.of(each).client) as [GrpcClient, GrpcClient];
  for (const client of [a, b]) await client.untilServing();
  const [first, second] = [await grant(a), await grant(a)];
  await a.ask(Election, "Campaign", { name, lease: first, value: utf8("first") });
  const won = b.ask<v3electionpb.CampaignResponse>(Election, "Campaign", {
    name,
    lease: second,
    value: utf8("second"),
  });
  await untilKeys(b, 2);
  await members.stop("a");
  await b.untilServing();
  await b.ask(Lease, "LeaseRevoke", { id: first });
  expect((await won).leader!.lease).toBe(second);
  const { kv } = await b.ask<v3electionpb.LeaderResponse>(Election, "Leader", { name });
  expect(Buffer.from(kv!.value).toString()).toBe("second");
});

/** Until so many claims are there. */
async function untilKeys(client: GrpcClient, count: number): Promise<void> {
  const request = { key: utf8("n/"), rangeEnd: utf8("n0"), countOnly: true };
  while ((await client.ask<etcdserverpb.RangeResponse>(KV, "Range", request)).count < count) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

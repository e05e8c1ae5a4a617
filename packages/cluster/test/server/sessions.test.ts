import { etcdserverpb } from "@lattice/etcd-proto";
import { utf8 } from "@lattice/model";
import { expect, test } from "vitest";
import type { GrpcClient } from "../etcd/grpc-client.ts";
import { Members } from "./members.ts";
import { startOneMember } from "./one-member.ts";
import { statusOfCall } from "./status.ts";

const { KV, Lease, Maintenance } = etcdserverpb;

const session = (seq: number, digit = "7") => ({
  "lattice-session": digit.repeat(32),
  "lattice-seq": String(seq),
});

const put = (client: GrpcClient, value: string, fields: Record<string, string>) =>
  client.ask<etcdserverpb.PutResponse>(
    KV,
    "Put",
    { key: utf8("k"), value: utf8(value), prevKv: true },
    fields,
  );

test("a write that is sent to all members at once, and again, is done once and answered alike", async () => {
  await using members = await Members.start(["a", "b", "c"]);
  const clients = ["a", "b", "c"].map((name) => members.of(name).client);
  for (const client of clients) await client.untilServing();
  for (let seq = 1; seq <= 20; seq++) {
    const sent = [...clients, ...clients].map((client) => put(client, `${seq}`, session(seq)));
    const answers = [...(await Promise.all(sent)), await put(clients[seq % 3]!, `${seq}`, session(seq))];
    const told = answers.map(({ header, prevKv }) => `${header!.revision} ${prevKv?.version}`);
    expect(new Set(told).size).toBe(1);
  }
  const { kvs } = await clients[0]!.ask<etcdserverpb.RangeResponse>(KV, "Range", { key: utf8("k") });
  expect(kvs[0]!.version).toBe(20n);
});

test("a member that restarts remembers what it answered", async () => {
  await using members = await Members.start(["a"]);
  const first = await put(members.of("a").client, "x", session(1));
  await members.stop("a");
  const { client } = await members.start("a");
  await client.untilServing();
  const again = await put(client, "x", session(1));
  expect(again.header!.revision).toBe(first.header!.revision);
});

test("a lease that is granted again is the same one", async () => {
  await using one = await startOneMember();
  const grant = (seq: number) =>
    one.client.ask<etcdserverpb.LeaseGrantResponse>(Lease, "LeaseGrant", { ttl: 600n }, session(seq));
  const { id } = await grant(1);
  expect((await grant(1)).id).toBe(id);
  expect((await grant(2)).id).not.toBe(id);
  const revoke = () => statusOfCall(one.client.ask(Lease, "LeaseRevoke", { id }, session(3)));
  expect(await revoke()).toBe("ok");
  expect(await revoke()).toBe("ok");
});

test("what was done while there was room is answered when there is none", async () => {
  await using one = await startOneMember();
  const { client, member } = one;
  await put(client, "x", session(1));
  await put(client, "x", session(1, "8"));
  const alarm = { action: 1, memberID: BigInt(member.id), alarm: 1 };
  await client.ask(Maintenance, "Alarm", alarm);
  expect(await statusOfCall(put(client, "x", session(1)))).toBe("ok");
  expect(await statusOfCall(put(client, "y", session(2)))).toBe(
    "8 etcdserver: mvcc: database space exceeded",
  );
  await client.ask(Maintenance, "Alarm", { ...alarm, action: 2 });
  // It was not done, and so is done now.
  expect(await statusOfCall(put(client, "y", session(2)))).toBe("ok");
});

test("a failed transaction's answer is kept as well, and one that only reads needs no session", async () => {
  await using one = await startOneMember();
  const { client } = one;
  const txn = (fields: Record<string, string>) => {
    const compare = [{ key: utf8("k"), targetUnion: { oneofKind: "version", version: 0n } }];
    const requestPut = { key: utf8("k"), value: utf8("v") };
    const success = [{ request: { oneofKind: "requestPut", requestPut } }];
    return client.ask<etcdserverpb.TxnResponse>(KV, "Txn", { compare, success }, fields);
  };
  expect((await txn(session(1))).succeeded).toBe(true);
  expect((await txn(session(1))).succeeded).toBe(true);
  expect((await txn(session(2))).succeeded).toBe(false);
  expect((await txn(session(2))).succeeded).toBe(false);
});

test.each([
  [{ "lattice-session": "x", "lattice-seq": "1" }, "3 lattice: lattice-session is to be 32 hex digits"],
  [session(0), "3 lattice: lattice-seq is to be a number from 1 to 2^53 - 1"],
  [session(9, "9"), /^9 lattice: there is no such session/],
])("%j is refused", async (fields, why) => {
  await using one = await startOneMember();
  expect(await statusOfCall(put(one.client, "x", fields))).toMatch(why);
});

/** Cluster and Maintenance. */
import { setTimeout as delay } from "node:timers/promises";
import { etcdserverpb as pb } from "../../../../packages/testkit/src/clusters/index.ts";
import type { Prober } from "./prober.ts";
import { rpcs } from "./rpcs.ts";

const RETRY_MS = 200;
const { AlarmRequest_AlarmAction: Action, AlarmType } = pb;

export async function clusterProbes(prober: Prober): Promise<void> {
  const id = BigInt(`0x${await prober.side.idOf("n1")}`);
  const second = BigInt(`0x${await prober.side.idOf("n2")}`);
  const known = prober.side.cluster.members[1]!.peerUrl;
  const add = (peerURLs: string[], isLearner = false) => prober.ask(rpcs.memberAdd, { peerURLs, isLearner });
  for (const url of [
    "",
    "nonsense",
    "http://",
    "http://host",
    "ftp://127.0.0.1:1",
    "http://127.0.0.1:1/path",
    "127.0.0.1:1",
    "http://127.0.0.1:x",
  ]) {
    await add([url]);
  }
  await add([]);
  await untilHealthy(prober, known);
  await add([known], true);
  await prober.ask(rpcs.memberRemove, { id: 1n });
  await prober.ask(rpcs.memberRemove, {});
  await prober.ask(rpcs.memberRemove, { id: 0xffff_ffff_ffff_ffffn });
  await prober.ask(rpcs.memberPromote, { id: 1n });
  await prober.ask(rpcs.memberPromote, { id });
  await prober.ask(rpcs.memberUpdate, { id: 1n, peerURLs: ["http://127.0.0.1:1"] });
  await prober.ask(rpcs.memberUpdate, { id, peerURLs: [known] });
  // Addresses that are none are taken by etcd, which then loses that member; they are not asked for.
  await prober.ask(rpcs.moveLeader, { targetID: 1n });
  await prober.ask(rpcs.moveLeader, {});
  await prober.ask(rpcs.moveLeader, { targetID: id }, { at: "n2" });
  await prober.ask(rpcs.moveLeader, { targetID: id });
  await alarms(prober, second);
  await hashes(prober);
  await raw(prober);
}

/** etcd takes a cluster for healthy once all have been connected for five seconds. */
async function untilHealthy(prober: Prober, known: string): Promise<void> {
  for (;;) {
    try {
      await prober.client().call(rpcs.memberAdd, { peerURLs: [known], isLearner: true });
    } catch (error) {
      if (!(error instanceof Error && error.message.includes("unhealthy"))) return;
    }
    await delay(RETRY_MS);
  }
}

async function alarms(prober: Prober, memberID: bigint): Promise<void> {
  const alarm = (request: Parameters<typeof pb.AlarmRequest.create>[0]) =>
    prober.ask(rpcs.alarm, request ?? {});
  await alarm({});
  await alarm({ action: Action.ACTIVATE, memberID, alarm: AlarmType.NOSPACE });
  await alarm({ action: Action.ACTIVATE, memberID, alarm: AlarmType.NOSPACE });
  await alarm({ action: Action.GET, alarm: AlarmType.NOSPACE });
  await alarm({ action: Action.GET, alarm: AlarmType.CORRUPT });
  await prober.ask(rpcs.put, { key: Buffer.from("k") });
  await prober.ask(rpcs.deleteRange, { key: Buffer.from("k") });
  await prober.ask(rpcs.txn, {});
  await prober.ask(rpcs.leaseGrant, { id: 55n, ttl: 100n });
  await prober.ask(rpcs.range, { key: Buffer.from("k") });
  await alarm({ action: Action.DEACTIVATE, memberID, alarm: AlarmType.CORRUPT });
  await alarm({ action: Action.DEACTIVATE, memberID: 1n, alarm: AlarmType.NOSPACE });
  await alarm({ action: Action.DEACTIVATE, memberID, alarm: AlarmType.NOSPACE });
  await alarm({ action: Action.DEACTIVATE, memberID, alarm: AlarmType.NOSPACE });
  // An action that there is not ends etcd's process, so it is not asked for.
  await alarm({});
  await prober.ask(rpcs.put, { key: Buffer.from("k"), value: Buffer.from("1") });
}

async function hashes(prober: Prober): Promise<void> {
  for (const revision of [0n, 1n, 2n, 1000n, -1n]) await prober.ask(rpcs.hashKv, { revision });
  await prober.ask(rpcs.defragment, {});
  await prober.ask(rpcs.put, { key: Buffer.from("k"), value: Buffer.from("2") });
  await prober.ask(rpcs.compact, { revision: 3n, physical: true });
  for (const revision of [0n, 1n, 2n, 3n]) await prober.ask(rpcs.hashKv, { revision });
}

/** What no library of etcd would send. */
async function raw(prober: Prober): Promise<void> {
  const none = new Uint8Array(0);
  await prober.askRaw("/etcdserverpb.KV/Nonsense", none);
  await prober.askRaw("/etcdserverpb.Nonsense/Put", none);
  await prober.askRaw("/nonsense", none);
  await prober.askRaw("/etcdserverpb.KV/Put", Uint8Array.of(0xff, 0xff), { isCodeOnly: true });
  // A field that etcd does not know.
  await prober.askRaw("/etcdserverpb.KV/Range", Buffer.from("0a016bf83f01", "hex"), {
    about: "with a field nobody knows",
    answer: pb.RangeResponse,
  });
  await prober.askRaw("/etcdserverpb.KV/Put", none, { metadata: { "client-api-version": "3.4" } });
  await prober.askRaw("/etcdserverpb.KV/Put", none, { metadata: { hasleader: "true" } });
  await prober.askRaw("/etcdserverpb.KV/Put", none, { metadata: { token: "nonsense" } });
  await prober.askRaw("/grpc.health.v1.Health/Check", none);
  await prober.askRaw("/grpc.health.v1.Health/Check", Buffer.from("\n\u0001x"));
}

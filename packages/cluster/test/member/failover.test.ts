import { etcdserverpb } from "@lattice/etcd-proto";
import { expect, test } from "vitest";
import {
  askLease,
  askMaintenance,
  Members,
  put,
  putAtLast,
  range,
  refusal,
  until,
  valueOf,
  type RunningSeat,
} from "./members.ts";
import { Watching } from "./watching.ts";

type TimeToLive = etcdserverpb.LeaseTimeToLiveResponse;

function grant(seat: RunningSeat, ttl: number, id = 0n): Promise<etcdserverpb.LeaseGrantResponse> {
  return askLease(seat, "LeaseGrant", { ttl: BigInt(ttl), id });
}

test("a leader that stops is followed by another; nothing is lost, and a watch goes on without a gap", async () => {
  await using members = await Members.start(3);
  const leader = await members.leader();
  const follower = await members.follower();
  using watching = new Watching(follower).create();
  await watching.untilCreated();
  for (let at = 0; at < 50; at++) await put(leader, "k", String(at));
  await members.stop(leader.name);
  for (let at = 50; at < 100; at++) await putAtLast(follower, "k", String(at));
  await watching.untilEvents(100);
  const values = watching.events.map((text) => Number(text.slice(2)));
  // Puts that were tried again may have been done twice.
  expect([...new Set(values)]).toEqual(Array.from({ length: 100 }, (_, at) => at));
  const revisions = watching.responses.flatMap(({ events }) =>
    events.map(({ kv }) => Number(kv!.modRevision)),
  );
  expect(revisions).toEqual(Array.from(revisions, (_, at) => at + revisions[0]!));
  const again = await members.start(leader.name);
  await until(async () => ((await valueOf(again, "k", { serializable: true })) === "99" ? true : undefined));
});

test("leadership is handed over when it is asked for, and by a leader that is stopped in peace", async () => {
  await using members = await Members.start(3);
  const leader = await members.leader();
  const follower = await members.follower();
  const targetID = BigInt(follower.member.id);
  expect(await refusal(askMaintenance(follower, "MoveLeader", { targetID }))).toBe(
    "9 etcdserver: not leader",
  );
  expect(await refusal(askMaintenance(leader, "MoveLeader", { targetID: 77n }))).toBe(
    "9 etcdserver: bad leader transferee",
  );
  await askMaintenance(leader, "MoveLeader", { targetID });
  expect((await members.leader()).name).toBe(follower.name);
  const before = (await members.leader()).member.status().term;
  await follower.member.stop({ transfer: true });
  const others = members.all.filter(({ name }) => name !== follower.name);
  const next = await until(() => others.find(({ member }) => member.status().leader === member.id));
  expect(next.member.status().term).toBe(before + 1);
});

test("leases: shortest time, keys that go with them, errors", async () => {
  await using members = await Members.start(3);
  const follower = await members.follower();
  const { id, ttl } = await grant(follower, 1);
  // Half as much again as an election timeout, in whole seconds.
  expect(ttl).toBe(1n);
  expect(await refusal(grant(follower, 5, id))).toBe("9 etcdserver: lease already exists");
  expect(await refusal(askLease(follower, "LeaseGrant", { ttl: 9_000_000_001n }))).toBe(
    "11 etcdserver: too large lease TTL",
  );
  expect(await refusal(askLease(follower, "LeaseRevoke", { id: 12n }))).toBe(
    "5 etcdserver: requested lease not found",
  );
  expect(await askLease(follower, "LeaseTimeToLive", { id: 12n })).toMatchObject({ id: 12n, ttl: -1n });
  await put(follower, "gone", "1", { lease: id });
  using watching = new Watching(follower).create();
  await watching.untilCreated();
  expect(await watching.untilEvents(1)).toEqual(["gone="]);
  const list = await askLease<etcdserverpb.LeaseLeasesResponse>(follower, "LeaseLeases", {});
  expect(list.leases).toEqual([]);
  const long = await grant(follower, 100, 5n);
  expect(long.id).toBe(5n);
  await put(follower, "kept", "1", { lease: 5n });
  const left = await askLease<TimeToLive>(follower, "LeaseTimeToLive", { id: 5n, keys: true });
  expect(left).toMatchObject({ grantedTTL: 100n, keys: [Buffer.from("kept")] });
  expect(left.ttl).toBeGreaterThan(0n);
  await askLease(follower, "LeaseRevoke", { id: 5n });
  expect(await valueOf(follower, "kept")).toBe(undefined);
});

test("a lease that is kept alive outlives its leader, at whatever member that is done", async () => {
  await using members = await Members.start(3);
  const leader = await members.leader();
  const follower = await members.follower();
  const { id } = await grant(follower, 1);
  await put(follower, "k", "1", { lease: id });
  const { LeaseKeepAliveRequest, LeaseKeepAliveResponse } = etcdserverpb;
  const stream = follower.client.stream("/etcdserverpb.Lease/LeaseKeepAlive", {});
  const ttls: bigint[] = [];
  stream.on("data", (bytes: Buffer) => ttls.push(LeaseKeepAliveResponse.fromBinary(bytes).ttl));
  stream.on("error", () => {});
  const ask = (): void => void stream.write(LeaseKeepAliveRequest.toBinary({ id }));
  const pace = setInterval(ask, 100);
  ask();
  await until(() => ttls.length > 5 || undefined);
  await members.stop(leader.name);
  await until(() => ttls.length > 25 || undefined);
  expect(new Set(ttls)).toEqual(new Set([1n]));
  expect(await valueOf(follower, "k")).toBe("1");
  clearInterval(pace);
  await until(async () => ((await valueOf(follower, "k")) === undefined ? true : undefined));
  ask();
  expect(await until(() => ttls.find((ttl) => ttl === 0n))).toBe(0n);
  stream.cancel();
});

test("without a majority nothing hangs: writes and reads are refused at once, what is stale is read, and it is said what to do", async () => {
  await using members = await Members.start(3);
  await put(await members.leader(), "k", "1");
  const [last, ...others] = members.all as [RunningSeat, ...RunningSeat[]];
  await until(async () => ((await valueOf(last, "k", { serializable: true })) === "1" ? true : undefined));
  using wanting = new Watching(last, { hasleader: "true" }).create();
  using patient = new Watching(last).create();
  await Promise.all([wanting.untilCreated(), patient.untilCreated()]);
  for (const { name } of others) await members.stop(name);
  await until(() => last.member.status().leader === 0 || undefined);
  await until(async () =>
    (await refusal(put(last, "k", "2"))) === "14 etcdserver: no leader" ? true : undefined,
  );
  expect(await refusal(range(last, "k"))).toBe("14 etcdserver: no leader");
  expect(await valueOf(last, "k", { serializable: true })).toBe("1");
  expect(await until(() => wanting.ending)).toBe("14 etcdserver: no leader");
  expect(patient.ending).toBe(undefined);
  const status = await askMaintenance<etcdserverpb.StatusResponse>(last, "Status");
  expect(status).toMatchObject({ leader: 0n, errors: ["etcdserver: no leader"] });
  const advice = await until(() => last.member.status().advice);
  expect(advice).toMatch(/1 of 3 members are there, and 2 are needed\. Start "m\d" .*, "m\d"/);
  expect(members.log.some((line) => line.includes(advice))).toBe(true);
});

test("a follower that was away for long is brought up to date by a snapshot, and watches there miss nothing", async () => {
  await using members = await Members.start(3, { snapshotCount: 50, tailCount: 10 });
  const { name } = await members.follower();
  const [k, none] = [Buffer.from("k"), Buffer.alloc(0)];
  const hasSnapshot = (): boolean =>
    members.log.some((line) => line.startsWith(name) && line.includes("as a snapshot"));
  let count = 0;
  // When a log is cut off is the leader's own business.
  while (!hasSnapshot()) {
    await members.stop(name);
    const leader = await members.leader();
    for (const end = count + 120; count < end; count++) await put(leader, "k", String(count));
    const back = await members.start(name);
    using watching = new Watching(back).create({ key: k, rangeEnd: none, startRevision: 2n });
    expect(await watching.untilEvents(count)).toEqual(Array.from({ length: count }, (_, at) => `k=${at}`));
  }
  const hashes = await Promise.all(
    members.all.map(async (each) => {
      await range(each, "k");
      return (await askMaintenance<etcdserverpb.HashKVResponse>(each, "HashKV")).hash;
    }),
  );
  expect(new Set(hashes).size).toBe(1);
});

import { createHash } from "node:crypto";
import { etcdserverpb } from "@lattice/etcd-proto";
import { health, reflection } from "@lattice/proto";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  askLease,
  askMaintenance,
  Members,
  put,
  range,
  refusal,
  until,
  valueOf,
  type RunningSeat,
} from "./members.ts";

type Alarms = etcdserverpb.AlarmResponse;
const { NOSPACE, CORRUPT } = etcdserverpb.AlarmType;
const { GET, ACTIVATE, DEACTIVATE } = etcdserverpb.AlarmRequest_AlarmAction;

let members: Members;
let seat: RunningSeat;

beforeAll(async () => {
  members = await Members.start(1, { quotaBytes: 4 << 20 });
  seat = members.get("m1");
});

afterAll(async () => {
  await members[Symbol.asyncDispose]();
});

/** All that comes on a stream after one request. */
async function collect(path: string, request: Uint8Array): Promise<Buffer[]> {
  const stream = seat.client.stream(path, {});
  stream.end(request);
  const all: Buffer[] = [];
  for await (const bytes of stream) all.push(bytes as Buffer);
  return all;
}

test("the status says how the member is", async () => {
  await put(seat, "k", "1");
  const status = await askMaintenance<etcdserverpb.StatusResponse>(seat, "Status");
  expect(status).toMatchObject({
    version: "3.4.23",
    leader: BigInt(seat.member.id),
    errors: [],
    isLearner: false,
  });
  expect(status.raftIndex).toBe(status.raftAppliedIndex);
  expect(status.dbSize).toBeGreaterThan(0n);
  expect(status.header).toMatchObject({ raftTerm: status.raftTerm });
});

test("a snapshot is whole sectors and their checksum, as etcd's clients want it, with what is left told along", async () => {
  for (let at = 0; at < 30; at++) await put(seat, `s${at}`, "x".repeat(10_000));
  const parts = (await collect("/etcdserverpb.Maintenance/Snapshot", new Uint8Array())).map((bytes) =>
    etcdserverpb.SnapshotResponse.fromBinary(bytes),
  );
  const file = Buffer.concat(parts.map(({ blob }) => blob));
  expect(file.length % 512).toBe(32);
  expect(file.length).toBeGreaterThan(300_000);
  const content = file.subarray(0, -32);
  expect(createHash("sha256").update(content).digest().equals(file.subarray(-32))).toBe(true);
  expect(parts.at(-1)!.remainingBytes).toBe(0n);
  expect(parts.slice(0, -1).every(({ remainingBytes }) => remainingBytes > 0n)).toBe(true);
  expect(parts.every(({ blob }) => blob.length <= 32 << 10)).toBe(true);
});

test("two snapshots of the same state are the same but for how far it is", async () => {
  const hash = async (): Promise<number> =>
    (await askMaintenance<etcdserverpb.HashResponse>(seat, "Hash")).hash;
  expect(await hash()).toBe(await hash());
  const before = await hash();
  await put(seat, "k", "2");
  expect(await hash()).not.toBe(before);
  await askMaintenance(seat, "Defragment");
  expect(await valueOf(seat, "k")).toBe("2");
});

test("alarms are raised, listed and disarmed; with one nothing is added, and reading and deleting go on", async () => {
  const memberID = BigInt(seat.member.id);
  const alarm = { memberID, alarm: NOSPACE };
  expect(await askMaintenance<Alarms>(seat, "Alarm", { action: ACTIVATE, ...alarm })).toMatchObject({
    alarms: [alarm],
  });
  expect(await askMaintenance<Alarms>(seat, "Alarm", { action: GET })).toMatchObject({ alarms: [alarm] });
  expect((await askMaintenance<Alarms>(seat, "Alarm", { action: GET, alarm: CORRUPT })).alarms).toEqual([]);
  const noSpace = "8 etcdserver: mvcc: database space exceeded";
  expect(await refusal(put(seat, "k", "3"))).toBe(noSpace);
  expect(await refusal(askLease(seat, "LeaseGrant", { ttl: 5n }))).toBe(noSpace);
  expect(await valueOf(seat, "k")).toBe("2");
  await seat.client.ask(etcdserverpb.KV, "DeleteRange", { key: Buffer.from("s1") });
  const status = await askMaintenance<etcdserverpb.StatusResponse>(seat, "Status");
  expect(status.errors).toEqual([`memberID:${memberID} alarm:NOSPACE `]);
  expect(await askMaintenance<Alarms>(seat, "Alarm", { action: DEACTIVATE, ...alarm })).toMatchObject({
    alarms: [alarm],
  });
  expect((await askMaintenance<Alarms>(seat, "Alarm", { action: DEACTIVATE, ...alarm })).alarms).toEqual([]);
  await put(seat, "k", "3");
});

test("past its quota the state takes nothing more and raises the alarm, until it is compacted and disarmed", async () => {
  const value = "x".repeat(100_000);
  const full = await until(async () => {
    const text = await put(seat, "big", value).then(
      () => undefined,
      (error: { code: number; details: string }) => `${error.code} ${error.details}`,
    );
    return text;
  });
  expect(full).toBe("8 etcdserver: mvcc: database space exceeded");
  const { alarms } = await until(async () => {
    const answer = await askMaintenance<Alarms>(seat, "Alarm", { action: GET });
    return answer.alarms.length > 0 ? answer : undefined;
  });
  expect(alarms).toEqual([{ memberID: BigInt(seat.member.id), alarm: NOSPACE }]);
  expect(await valueOf(seat, "k")).toBe("3");

  // All of it is written down, and then more than half of it is gone.
  await askMaintenance(seat, "Hash");
  const { header } = await range(seat, "big");
  await seat.client.ask(etcdserverpb.KV, "Compact", { revision: header!.revision, physical: true });
  const before = await askMaintenance<etcdserverpb.StatusResponse>(seat, "Status");
  await askMaintenance(seat, "Defragment");
  const after = await askMaintenance<etcdserverpb.StatusResponse>(seat, "Status");
  expect(after.dbSize).toBeLessThan(before.dbSize / 2n);
  expect(after.dbSizeInUse).toBeLessThanOrEqual(after.dbSize);
  await askMaintenance(seat, "Alarm", { action: DEACTIVATE, ...alarms[0] });
  await put(seat, "big", value);
});

test("health and reflection answer", async () => {
  const { HealthCheckRequest, HealthCheckResponse, HealthCheckResponse_ServingStatus: Status } = health;
  const check = async (service: string): Promise<number> => {
    const request = HealthCheckRequest.toBinary({ service });
    return HealthCheckResponse.fromBinary(await seat.client.send("/grpc.health.v1.Health/Check", request, {}))
      .status;
  };
  expect(await check("")).toBe(Status.SERVING);
  expect(await check("etcdserverpb.KV")).toBe(Status.SERVING);
  expect(await refusal(check("nothing"))).toBe("5 unknown service");
  for (const version of ["v1", "v1alpha"]) {
    const request = reflection.ServerReflectionRequest.toBinary({
      host: "",
      messageRequest: { oneofKind: "listServices", listServices: "" },
    });
    const [answer] = await collect(
      `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
      request,
    );
    const { messageResponse } = reflection.ServerReflectionResponse.fromBinary(answer!);
    const names =
      messageResponse.oneofKind === "listServicesResponse"
        ? messageResponse.listServicesResponse.service.map(({ name }) => name)
        : [];
    expect(names).toContain("etcdserverpb.KV");
    expect(names).toContain("v3lockpb.Lock");
  }
});

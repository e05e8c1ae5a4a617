import type { etcdserverpb } from "@lattice/etcd-proto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { etcdserverpb as pb } from "@lattice/etcd-proto";
import { askMaintenance, Members, put, range, refusal, valueOf, type RunningSeat } from "./members.ts";

let members: Members;
let seat: RunningSeat;

beforeAll(async () => {
  // Large values hold up a process with three members in it.
  members = await Members.start(3, { electionTimeoutMs: 2_000, heartbeatMs: 100 });
  seat = await members.follower();
});

afterAll(async () => {
  await members[Symbol.asyncDispose]();
});

const bytes = (text: string): Buffer => Buffer.from(text);

function txn(request: object): Promise<etcdserverpb.TxnResponse> {
  return seat.client.ask(pb.KV, "Txn", request);
}

function putOp(key: string, value = "1"): object {
  return {
    request: {
      oneofKind: "requestPut",
      requestPut: pb.PutRequest.create({ key: bytes(key), value: bytes(value) }),
    },
  };
}

function rangeOp(key: string, more: object = {}): object {
  return {
    request: {
      oneofKind: "requestRange",
      requestRange: pb.RangeRequest.create({ key: bytes(key), ...more }),
    },
  };
}

test("what was put at one member is read at every other, with the header of who answers", async () => {
  const { header } = await put(seat, "a", "1");
  expect(header).toMatchObject({
    clusterId: BigInt(seat.member.clusterId),
    memberId: BigInt(seat.member.id),
  });
  for (const other of members.all) {
    const answer = await range(other, "a");
    expect(answer.header).toMatchObject({ memberId: BigInt(other.member.id), revision: header!.revision });
    expect(answer).toMatchObject({ count: 1n, more: false });
    expect(answer.kvs[0]).toMatchObject({ modRevision: header!.revision, version: 1n });
  }
});

test("bad requests are refused as etcd refuses them", async () => {
  const key = bytes("k");
  const none = bytes("");
  expect(await refusal(range(seat, ""))).toBe("3 etcdserver: key is not provided");
  expect(await refusal(put(seat, "", "1"))).toBe("3 etcdserver: key is not provided");
  expect(await refusal(put(seat, "k", "1", { ignoreValue: true }))).toBe("3 etcdserver: value is provided");
  expect(await refusal(put(seat, "k", "1", { ignoreLease: true, lease: 5n }))).toBe(
    "3 etcdserver: lease is provided",
  );
  expect(await refusal(put(seat, "never", "", { ignoreValue: true }))).toBe("3 etcdserver: key not found");
  expect(await refusal(put(seat, "k", "1", { lease: 99n }))).toBe("5 etcdserver: requested lease not found");
  expect(await refusal(range(seat, "k", { revision: 1_000_000n }))).toBe(
    "11 etcdserver: mvcc: required revision is a future revision",
  );
  expect(await refusal(range(seat, "k", { sortTarget: 9 }))).toBe("3 etcdserver: invalid sort option");
  expect(await refusal(seat.client.ask(pb.KV, "Compact", { revision: 1_000_000n }))).toBe(
    "11 etcdserver: mvcc: required revision is a future revision",
  );
  expect(await refusal(txn({ success: Array.from({ length: 129 }, (_, at) => putOp(`t${at}`)) }))).toBe(
    "3 etcdserver: too many operations in txn request",
  );
  expect(await refusal(txn({ success: [putOp("x"), putOp("x")] }))).toBe(
    "3 etcdserver: duplicate key given in txn request",
  );
  expect(await refusal(txn({ success: [{ request: { oneofKind: undefined } }] }))).toBe(
    "3 etcdserver: key not found",
  );
  expect(await refusal(txn({ compare: [{ key: none, targetUnion: { oneofKind: undefined } }] }))).toBe(
    "3 etcdserver: key is not provided",
  );
  expect(await refusal(seat.client.ask(pb.KV, "DeleteRange", { key: none }))).toBe(
    "3 etcdserver: key is not provided",
  );
  expect(await refusal(put(seat, "k", "x".repeat(1_600_000)))).toBe("3 etcdserver: request is too large");
  expect(await refusal(put(seat, "k", "x".repeat(2_200_000)))).toMatch(
    /^8 grpc: received message larger than max \(22\d+ vs\. 2097152\)$/,
  );
  expect(await refusal(seat.client.send("/etcdserverpb.KV/Put", Buffer.from([0xff]), {}))).toMatch(/^13 /);
  expect(await refusal(seat.client.send("/etcdserverpb.KV/Nothing", key, {}))).toMatch(/^12 /);
});

test("a value of as many bytes as a request may have is taken", async () => {
  await put(seat, "large", "x".repeat(1_500_000));
  expect((await valueOf(members.all[0]!, "large"))!.length).toBe(1_500_000);
});

test("a transaction is all or nothing; one that only reads takes no revision", async () => {
  const before = (await put(seat, "n", "1")).header!.revision;
  const done = await txn({
    compare: [
      { key: bytes("n"), result: 0, target: 3, targetUnion: { oneofKind: "value", value: bytes("1") } },
    ],
    success: [putOp("n", "2"), putOp("m", "3"), rangeOp("n")],
  });
  expect(done).toMatchObject({ succeeded: true, header: { revision: before + 1n } });
  const read = await txn({ success: [rangeOp("n")], failure: [] });
  expect(read).toMatchObject({
    succeeded: true,
    header: { revision: before + 1n, memberId: BigInt(seat.member.id) },
  });
  const failed = await txn({
    compare: [
      { key: bytes("n"), result: 0, target: 3, targetUnion: { oneofKind: "value", value: bytes("1") } },
    ],
    success: [putOp("n", "9")],
    failure: [rangeOp("m")],
  });
  expect(failed.succeeded).toBe(false);
  expect(await valueOf(seat, "n")).toBe("2");
});

test("what was compacted is gone, everywhere at the same place; and hashes of all members are equal", async () => {
  for (let at = 0; at < 300; at++) await put(seat, `c${at % 7}`, String(at));
  const { header } = await put(seat, "c", "last");
  await seat.client.ask(pb.KV, "Compact", { revision: header!.revision, physical: true });
  expect(await refusal(range(seat, "c1", { revision: header!.revision - 1n }))).toBe(
    "11 etcdserver: mvcc: required revision has been compacted",
  );
  expect(await refusal(seat.client.ask(pb.KV, "Compact", { revision: header!.revision }))).toBe(
    "11 etcdserver: mvcc: required revision has been compacted",
  );
  const hashes = [];
  for (const each of members.all) {
    await range(each, "c");
    hashes.push(await askMaintenance<etcdserverpb.HashKVResponse>(each, "HashKV"));
  }
  expect(new Set(hashes.map(({ hash }) => hash)).size).toBe(1);
  expect(hashes[0]).toMatchObject({ compactRevision: header!.revision });
});

test("a serializable read needs nobody else", async () => {
  expect(await valueOf(seat, "n", { serializable: true })).toBe("2");
});

import { EtcdError, etcdserverpb, type mvccpb } from "@lattice/etcd-proto";
import { GrpcCode, GrpcError, type StreamCall } from "@lattice/grpc-front";
import { utf8 } from "@lattice/model";
import { describe, expect, onTestFinished, test } from "vitest";
import { openClusterClient, WatchCompacted, type ClusterClient } from "../../src/client/index.ts";
import { ScriptedMember } from "./scripted-member.ts";

type WatchResponse = etcdserverpb.WatchResponse;

function response(revision: number, more: Partial<WatchResponse> = {}): Uint8Array {
  const header = { clusterId: 1n, memberId: 1n, revision: BigInt(revision), raftTerm: 1n };
  return etcdserverpb.WatchResponse.toBinary(etcdserverpb.WatchResponse.create({ header, ...more }));
}

/** Of puts at these revisions. */
function events(...revisions: readonly number[]): mvccpb.Event[] {
  return revisions.map((revision) => {
    const kv = { key: utf8("k"), value: utf8(String(revision)), modRevision: BigInt(revision) };
    return { type: 0, kv: { ...kv, createRevision: 1n, version: 1n, lease: 0n } };
  });
}

async function createdBy(call: StreamCall): Promise<etcdserverpb.WatchCreateRequest> {
  for await (const message of call.requests) {
    const { requestUnion } = etcdserverpb.WatchRequest.fromBinary(message);
    if (requestUnion.oneofKind === "createRequest") return requestUnion.createRequest;
  }
  throw new Error("no watch was asked for");
}

async function allOf<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of stream) all.push(each);
  return all;
}

/** As long as the client stays. */
function untilLeft({ signal }: StreamCall): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}

async function two(): Promise<{ first: ScriptedMember; second: ScriptedMember; client: ClusterClient }> {
  const [first, second] = [await ScriptedMember.start(), await ScriptedMember.start()];
  const client = await openClusterClient({ endpoints: [first.endpoint, second.endpoint] });
  onTestFinished(() => client.close());
  return { first, second, client };
}

describe("a watch", () => {
  test("goes on at the next member, behind what it has given", async () => {
    const { first, second, client } = await two();
    const starts: bigint[] = [];
    first.streams = [
      async (call) => {
        starts.push((await createdBy(call)).startRevision);
        call.send(response(9, { created: true }));
        call.send(response(11, { events: events(10, 11) }));
        await call.drained();
        throw new GrpcError(GrpcCode.UNAVAILABLE, "etcdserver: server stopped");
      },
    ];
    second.streams = [
      async (call) => {
        starts.push((await createdBy(call)).startRevision);
        call.send(response(11, { created: true }));
        call.send(response(12, { events: events(12) }));
        await untilLeft(call);
      },
    ];
    const seen: string[] = [];
    const lost: string[] = [];
    const stop = new AbortController();
    const onResume = (failure: Error): void => void lost.push(failure.message);
    for await (const { events: given } of client.watch(
      { key: utf8("k") },
      { signal: stop.signal, onResume },
    )) {
      seen.push(...given.map(({ kv }) => Buffer.from(kv!.value).toString()));
      if (seen.length === 3) stop.abort();
    }
    expect(seen).toEqual(["10", "11", "12"]);
    expect(starts).toEqual([0n, 12n]);
    expect(lost).toHaveLength(1);
  });

  test("from now on goes on from where now was, though nothing came", async () => {
    const { first, second, client } = await two();
    first.streams = [
      async (call) => {
        await createdBy(call);
        call.send(response(9, { created: true }));
        await call.drained();
        throw new GrpcError(GrpcCode.UNAVAILABLE, "etcdserver: server stopped");
      },
    ];
    const start = Promise.withResolvers<bigint>();
    second.streams = [
      async (call) => {
        start.resolve((await createdBy(call)).startRevision);
        await untilLeft(call);
      },
    ];
    const stop = new AbortController();
    const watching = allOf(client.watch({ key: utf8("k") }, { signal: stop.signal }));
    expect(await start.promise).toBe(10n);
    stop.abort();
    expect(await watching).toEqual([]);
  });

  test("puts together what comes in parts", async () => {
    const { first, client } = await two();
    first.streams = [
      async (call) => {
        expect((await createdBy(call)).fragment).toBe(true);
        call.send(response(9, { created: true }));
        call.send(response(10, { events: events(10), fragment: true }));
        call.send(response(10, { events: events(10), fragment: true }));
        call.send(response(10, { events: events(10) }));
        await untilLeft(call);
      },
    ];
    for await (const { events: given } of client.watch({ key: utf8("k") })) {
      expect(given).toHaveLength(3);
      break;
    }
  });

  test("ends where what it wants is compacted, with the revision that is left", async () => {
    const { first, client } = await two();
    first.streams = [
      async (call) => {
        await createdBy(call);
        call.send(response(9, { created: true }));
        call.send(response(9, { canceled: true, compactRevision: 5n, cancelReason: "" }));
        await untilLeft(call);
      },
    ];
    const watching = allOf(client.watch({ key: utf8("k"), startRevision: 2n }));
    const error: unknown = await watching.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WatchCompacted);
    expect(error).toMatchObject({ compactRevision: 5n, message: EtcdError.of("compacted").message });
  });

  test("ends where it may not watch", async () => {
    const { first, second, client } = await two();
    first.streams = [
      async (call) => {
        await createdBy(call);
        const cancelReason = EtcdError.of("permissionDenied").message;
        call.send(response(9, { created: true, canceled: true, cancelReason }));
        await untilLeft(call);
      },
    ];
    await expect(allOf(client.watch({ key: utf8("k") }))).rejects.toEqual(EtcdError.of("permissionDenied"));
    expect(second.asked).toEqual([]);
  });

  test("that nobody takes says so", async () => {
    const { first, second } = await two();
    await first.stop();
    await second.stop();
    const client = await openClusterClient({ endpoints: [first.endpoint, second.endpoint], timeoutMs: 300 });
    await expect(allOf(client.watch({ key: utf8("k") }))).rejects.toMatchObject({
      code: "unavailable",
    });
    await client.close();
  });
});

describe("a lease that is kept alive", () => {
  async function answerOnce(call: StreamCall, ttl: bigint): Promise<void> {
    for await (const message of call.requests) {
      const { id } = etcdserverpb.LeaseKeepAliveRequest.fromBinary(message);
      call.send(
        etcdserverpb.LeaseKeepAliveResponse.toBinary(etcdserverpb.LeaseKeepAliveResponse.create({ id, ttl })),
      );
      await call.drained();
      return;
    }
  }

  test("is kept by the next member", async () => {
    const { first, second, client } = await two();
    first.streams = [(call) => answerOnce(call, 1n)];
    second.streams = [(call) => answerOnce(call, 2n)];
    const ttls: bigint[] = [];
    for await (const ttl of client.keepAlive(5n)) {
      ttls.push(ttl);
      if (ttl === 2n) break;
    }
    expect(ttls).toEqual([1n, 2n]);
  });

  test("ends when it is gone", async () => {
    const { first, client } = await two();
    first.streams = [(call) => answerOnce(call, 0n)];
    await expect(allOf(client.keepAlive(5n))).rejects.toEqual(EtcdError.of("leaseNotFound"));
  });
});

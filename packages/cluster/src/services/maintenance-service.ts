/** etcd's Maintenance service: how this member is, its alarms, its state as a whole, and who leads. */
import { createHash } from "node:crypto";
import { etcdserverpb, EtcdError } from "@lattice/etcd-proto";
import type { CallContext, Method, StreamCall } from "@lattice/grpc-front";
import type { IMessageType } from "@protobuf-ts/runtime";
import type { AuthGate } from "../auth/auth-gate.ts";
import { SNAPSHOT_PIECE_BYTES } from "../limits.ts";
import { RequestKind } from "../machine/request.ts";
import type { MemberPort, ServiceMethods } from "./member-port.ts";
import { asGrpcError, unaryMethod } from "./unary-method.ts";

export interface MaintenanceServiceOptions {
  readonly member: MemberPort;
  readonly gate: AuthGate;
  readonly status: () => Omit<etcdserverpb.StatusResponse, "header">;
  readonly defragment: () => Promise<void>;
  /** Of everything that this member holds. */
  readonly hash: () => Promise<number>;
  /** Throws an `EtcdError` where the revision cannot be had. */
  readonly hashKeys: (revision: bigint) => Promise<{
    readonly hash: number;
    readonly compactRevision: number;
    readonly hashRevision: number;
  }>;
  /** The state, in pieces. */
  readonly openSnapshot: () => Promise<Snapshot>;
  /** Resolves once `to` leads; throws an `EtcdError` where it cannot. */
  readonly moveLeader: (to: bigint) => Promise<void>;
}

export interface Snapshot extends AsyncDisposable {
  /** Roughly: what a client shows of how far it is. */
  readonly sizeBytes: number;
  pieces(): AsyncIterable<Uint8Array>;
}

const { AlarmRequest_AlarmAction: Action } = etcdserverpb;

export function* maintenanceService(options: MaintenanceServiceOptions): ServiceMethods {
  const { member, gate } = options;
  const pb = etcdserverpb;
  yield method("Status", pb.StatusRequest, pb.StatusResponse, async (_, call) => {
    member.admit(call, { isServedByLearner: true });
    return { ...options.status(), header: member.header() };
  });
  yield method("Alarm", pb.AlarmRequest, pb.AlarmResponse, async (request, call) => {
    member.admit(call);
    await (request.action === Action.GET ? gate.admitKnown(call) : gate.admitMaintainer(call));
    const body = pb.AlarmRequest.toBinary(request);
    const done = await member.propose({ kind: RequestKind.ALARM, body, user: undefined, call });
    return { ...(done.response as etcdserverpb.AlarmResponse), header: member.header(done.revision) };
  });
  yield method("Defragment", pb.DefragmentRequest, pb.DefragmentResponse, async (_, call) => {
    await gate.admitMaintainer(call);
    await options.defragment();
    return { header: member.header() };
  });
  yield method("Hash", pb.HashRequest, pb.HashResponse, async (_, call) => {
    member.admit(call);
    await gate.admitMaintainer(call);
    const hash = await options.hash();
    return { header: member.header(), hash };
  });
  yield method("HashKV", pb.HashKVRequest, pb.HashKVResponse, async ({ revision }, call) => {
    member.admit(call);
    await gate.admitMaintainer(call);
    const { hash, compactRevision, hashRevision } = await options.hashKeys(revision);
    return {
      header: member.header(),
      hash,
      compactRevision: BigInt(compactRevision),
      hashRevision: BigInt(hashRevision),
    };
  });
  yield method("MoveLeader", pb.MoveLeaderRequest, pb.MoveLeaderResponse, async ({ targetID }, call) => {
    member.admit(call);
    await gate.admitMaintainer(call);
    await options.moveLeader(targetID);
    return { header: member.header() };
  });
  yield [
    "/etcdserverpb.Maintenance/Snapshot",
    { kind: "stream", handle: (call) => sendSnapshot(options, call) },
  ];
}

/** etcd's is a file of whole sectors and the SHA-256 of it; its client looks at the size, and ours at both. */
const SECTOR_BYTES = 512;
const CHECKSUM_BYTES = 32;

async function sendSnapshot(
  { member, gate, openSnapshot }: MaintenanceServiceOptions,
  call: StreamCall,
): Promise<void> {
  try {
    member.admit(call, { isServedByLearner: true });
    await gate.admitMaintainer(call);
    await using snapshot = await openSnapshot();
    const sender = new SnapshotSender(member, call, snapshot.sizeBytes);
    for await (const piece of snapshot.pieces()) await sender.send(piece);
    await sender.end();
  } catch (error) {
    throw asGrpcError(error);
  }
}

class SnapshotSender {
  readonly #member: MemberPort;
  readonly #call: StreamCall;
  readonly #hash = createHash("sha256");
  readonly #expectedBytes: number;
  #sentBytes = 0;

  constructor(member: MemberPort, call: StreamCall, expectedBytes: number) {
    this.#member = member;
    this.#call = call;
    this.#expectedBytes = expectedBytes;
  }

  async send(piece: Uint8Array): Promise<void> {
    this.#hash.update(piece);
    for (let at = 0; at < piece.length; at += SNAPSHOT_PIECE_BYTES) {
      const blob = piece.subarray(at, at + SNAPSHOT_PIECE_BYTES);
      const sentBytes = this.#sentBytes + blob.length;
      await this.#sendBlob(blob, Math.max(CHECKSUM_BYTES, this.#expectedBytes - sentBytes));
    }
  }

  async end(): Promise<void> {
    const paddingBytes = (SECTOR_BYTES - (this.#sentBytes % SECTOR_BYTES)) % SECTOR_BYTES;
    if (paddingBytes > 0) await this.send(new Uint8Array(paddingBytes));
    await this.#sendBlob(this.#hash.digest(), 0);
  }

  async #sendBlob(blob: Uint8Array, remaining: number): Promise<void> {
    if (this.#call.signal.aborted) throw EtcdError.of("requestCancelled");
    this.#sentBytes += blob.length;
    const header = this.#member.header();
    const message = { header, remainingBytes: BigInt(remaining), blob, version: "" };
    const hasRoom = this.#call.send(etcdserverpb.SnapshotResponse.toBinary(message));
    if (!hasRoom) await this.#call.drained();
  }
}

function method<Q extends object, R extends object>(
  name: string,
  request: IMessageType<Q>,
  response: IMessageType<R>,
  handle: (request: Q, call: CallContext) => Promise<R>,
): [path: string, method: Method] {
  return [`/etcdserverpb.Maintenance/${name}`, unaryMethod({ request, response, handle })];
}

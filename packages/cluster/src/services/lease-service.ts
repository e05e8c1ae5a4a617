/** etcd's Lease service. When leases run out is the leader's to say; what concerns that is asked of it. */
import { etcdserverpb, EtcdError } from "@lattice/etcd-proto";
import type { CallContext, Method, StreamCall } from "@lattice/grpc-front";
import type { IMessageType } from "@protobuf-ts/runtime";
import type { AuthGate } from "../auth/auth-gate.ts";
import { LEASE_TTL_MAX, RENEWALS_MAX } from "../limits.ts";
import { RequestKind, type RequestSession } from "../machine/request.ts";
import { leaseIdOf, sessionOf } from "../sessions/session-metadata.ts";
import type { LeaderWatch } from "./leader-watch.ts";
import type { MemberPort, ServiceMethods } from "./member-port.ts";
import { asGrpcError, decodeMessage, unaryMethod } from "./unary-method.ts";

/** What the leader knows of leases. Rejects with an `EtcdError`. */
export interface LeaseClock {
  /** The time that it has anew, in seconds; 0 where there is no such lease. */
  renew(id: bigint): Promise<number>;
  /** Undefined where there is no such lease. */
  timeToLive(
    id: bigint,
  ): Promise<{ readonly grantedSeconds: number; readonly leftSeconds: number } | undefined>;
}

export interface LeaseServiceOptions {
  readonly member: MemberPort;
  readonly gate: AuthGate;
  readonly leader: LeaderWatch;
  readonly clock: LeaseClock;
  /** As this member has applied them. */
  readonly leases: () => Iterable<bigint>;
  /** Throws an `EtcdError` where the caller may not see the keys of the lease. */
  readonly keysOf: (call: CallContext, id: bigint) => Promise<readonly Uint8Array[]>;
  /** The shortest time that a lease may have, in seconds. */
  readonly ttlMin: bigint;
  readonly freshId: () => bigint;
  /** Throws where there is no room for anything new. */
  readonly checkRoom: (bytes: number) => void;
  /** Whether it has come before, and only its answer is wanted. */
  readonly wasDone: (session: RequestSession) => boolean;
}

const NO_LEASE = 0n;

export function* leaseService(options: LeaseServiceOptions): ServiceMethods {
  const service = new LeaseService(options);
  const pb = etcdserverpb;
  yield method("LeaseGrant", pb.LeaseGrantRequest, pb.LeaseGrantResponse, (request, call) =>
    service.grant(request, call),
  );
  yield method("LeaseRevoke", pb.LeaseRevokeRequest, pb.LeaseRevokeResponse, (request, call) =>
    service.revoke(request, call),
  );
  yield method("LeaseTimeToLive", pb.LeaseTimeToLiveRequest, pb.LeaseTimeToLiveResponse, (request, call) =>
    service.timeToLive(request, call),
  );
  yield method("LeaseLeases", pb.LeaseLeasesRequest, pb.LeaseLeasesResponse, (_, call) => service.list(call));
  yield ["/etcdserverpb.Lease/LeaseKeepAlive", { kind: "stream", handle: (call) => service.keepAlive(call) }];
}

class LeaseService {
  readonly #options: LeaseServiceOptions;

  constructor(options: LeaseServiceOptions) {
    this.#options = options;
  }

  async grant(
    request: etcdserverpb.LeaseGrantRequest,
    call: CallContext,
  ): Promise<etcdserverpb.LeaseGrantResponse> {
    const { member, gate, ttlMin, freshId, checkRoom, wasDone } = this.#options;
    member.admit(call);
    if (request.ttl > LEASE_TTL_MAX) throw EtcdError.of("leaseTtlTooLarge");
    const session = sessionOf(call.metadata);
    if (session === undefined || !wasDone(session)) checkRoom(0);
    const id = request.id !== NO_LEASE ? request.id : session === undefined ? freshId() : leaseIdOf(session);
    const ttl = request.ttl < ttlMin ? ttlMin : request.ttl;
    const body = etcdserverpb.LeaseGrantRequest.toBinary({ id, ttl });
    const { revision } = await gate.asCaller(call, (user) =>
      member.propose({ kind: RequestKind.LEASE_GRANT, body, user, session, call }),
    );
    return { header: member.header(revision), id, ttl, error: "" };
  }

  async revoke(
    request: etcdserverpb.LeaseRevokeRequest,
    call: CallContext,
  ): Promise<etcdserverpb.LeaseRevokeResponse> {
    const { member, gate } = this.#options;
    member.admit(call);
    const session = sessionOf(call.metadata);
    const body = etcdserverpb.LeaseRevokeRequest.toBinary(request);
    const { revision } = await gate.asCaller(call, (user) =>
      member.propose({ kind: RequestKind.LEASE_REVOKE, body, user, session, call }),
    );
    return { header: member.header(revision) };
  }

  async timeToLive(
    { id, keys }: etcdserverpb.LeaseTimeToLiveRequest,
    call: CallContext,
  ): Promise<etcdserverpb.LeaseTimeToLiveResponse> {
    const { member, gate, clock, keysOf } = this.#options;
    member.admit(call);
    await gate.admitKnown(call);
    const shown = keys ? await keysOf(call, id) : [];
    const left = await clock.timeToLive(id);
    const header = member.header();
    if (left === undefined) return { header, id, ttl: -1n, grantedTTL: 0n, keys: [] };
    return {
      header,
      id,
      ttl: BigInt(left.leftSeconds),
      grantedTTL: BigInt(left.grantedSeconds),
      keys: [...shown],
    };
  }

  async list(call: CallContext): Promise<etcdserverpb.LeaseLeasesResponse> {
    const { member, gate, leases } = this.#options;
    member.admit(call);
    await gate.admitKnown(call);
    return { header: member.header(), leases: Array.from(leases(), (id) => ({ id })) };
  }

  async keepAlive(call: StreamCall): Promise<void> {
    const { member, leader, gate } = this.#options;
    try {
      member.admit(call);
      await gate.admitKnown(call);
      const wantsLeader = call.metadata.get("hasleader") === "true";
      await leader.during(wantsLeader, () => this.#renewAll(call));
    } catch (error) {
      throw asGrpcError(error);
    }
  }

  async #renewAll(call: StreamCall): Promise<void> {
    const failed = Promise.withResolvers<never>();
    await Promise.race([this.#renewEach(call, failed.reject), failed.promise]);
  }

  /** Many at a time: they share what the leader has to ask for, and none waits for the others. */
  async #renewEach(call: StreamCall, fail: (error: unknown) => void): Promise<void> {
    const running = new Set<Promise<void>>();
    for await (const bytes of call.requests) {
      const { id } = decodeMessage(etcdserverpb.LeaseKeepAliveRequest, bytes);
      const renewal = this.#renew(call, id).catch(fail);
      running.add(renewal);
      void renewal.then(() => running.delete(renewal));
      if (running.size >= RENEWALS_MAX) await Promise.race(running);
    }
    await Promise.all(running);
  }

  async #renew(call: StreamCall, id: bigint): Promise<void> {
    const { member, clock } = this.#options;
    // From before: what the client is told then is not ahead of the renewal.
    const header = member.header();
    const ttl = BigInt(await clock.renew(id));
    const hasRoom = call.send(etcdserverpb.LeaseKeepAliveResponse.toBinary({ header, id, ttl }));
    if (!hasRoom) await call.drained();
  }
}

function method<Q extends object, R extends object>(
  name: string,
  request: IMessageType<Q>,
  response: IMessageType<R>,
  handle: (request: Q, call: CallContext) => Promise<R>,
): [path: string, method: Method] {
  return [`/etcdserverpb.Lease/${name}`, unaryMethod({ request, response, handle })];
}

/** All that a member answers to clients. */
import { randomBytes } from "node:crypto";
import { etcdserverpb, v3electionpb, v3lockpb } from "@lattice/etcd-proto";
import type { Method } from "@lattice/grpc-front";
import { readU64be } from "@lattice/model";
import { health } from "@lattice/proto";
import { authService } from "../auth/auth-service.ts";
import { Passwords } from "../auth/passwords.ts";
import { electionService } from "../lock-election/election-service.ts";
import { lockService } from "../lock-election/lock-service.ts";
import { clusterService } from "../services/cluster-service.ts";
import { healthService } from "../services/health-service.ts";
import type { RequestSession } from "../machine/request.ts";
import { kvService } from "../services/kv-service.ts";
import { leaseService } from "../services/lease-service.ts";
import { maintenanceService } from "../services/maintenance-service.ts";
import { reflectionService } from "../services/reflection-service.ts";
import { watchService } from "../services/watch-service.ts";
import { storeServiceInfos, storeServices, type MemberFacts } from "../store/store-services.ts";
import { AuthorizedReader } from "./authorized-reader.ts";
import type { ClusterMemberCore } from "./cluster-member.ts";
import type { ClusterMemberOptions } from "./options.ts";
import { defragment, hashKeys, hashState, openSnapshot, statusOf } from "./state-services.ts";

const SERVICES = [
  etcdserverpb.KV,
  etcdserverpb.Watch,
  etcdserverpb.Lease,
  etcdserverpb.Cluster,
  etcdserverpb.Maintenance,
  etcdserverpb.Auth,
  v3lockpb.Lock,
  v3electionpb.Election,
  health.Health,
];

export function memberMethods(
  member: ClusterMemberCore,
  { passwordCost }: Pick<ClusterMemberOptions, "passwordCost"> = {},
): ReadonlyMap<string, Method> {
  const methods = new Map<string, Method>();
  const add = (service: Iterable<readonly [string, Method]>): void => {
    for (const [path, method] of service) methods.set(path, method);
  };
  const { gate, machine, leaderWatch: leader, headerWriter: header, hub, parts } = member;
  const term = (): number => member.term;
  const checkRoom = (bytes: number): void => member.checkRoom(bytes);
  const reader = new AuthorizedReader(machine, gate);
  const swept = (): Promise<void> => member.swept();
  const wasDone = (session: RequestSession): boolean => machine.sessions.has(session);
  add(kvService({ member, gate, reader, header, term, checkRoom, wasDone, swept }));
  add(
    watchService({
      member,
      hub,
      header,
      term,
      leader,
      permit: (call, range) => reader.watchPermit(call, range),
      onPermissionsChanged: (listener) => machine.auth.onChange(listener),
    }),
  );
  add(
    leaseService({
      member,
      gate,
      leader,
      clock: member.leaseClock,
      leases: () => Array.from(machine.keys.leases(), ({ id }) => id),
      keysOf: (call, id) => reader.leaseKeys(call, id),
      ttlMin: BigInt(Math.ceil((1.5 * parts.electionTimeoutMs) / 1000)),
      freshId: () => readU64be(randomBytes(8)) >> 1n || 1n,
      checkRoom,
      wasDone,
    }),
  );
  add(clusterService({ member, gate, changes: member.changes, members: () => member.members() }));
  add(
    maintenanceService({
      member,
      gate,
      status: () => statusOf(member),
      defragment: () => defragment(member),
      hash: () => hashState(member),
      hashKeys: (revision) => hashKeys(member, revision),
      openSnapshot: () => openSnapshot(member),
      moveLeader: (to) => member.moveLeader(to),
    }),
  );
  add(authService({ auth: machine.auth, gate, member, passwords: new Passwords({ cost: passwordCost }) }));
  add(lockService(methods));
  add(electionService(methods));
  add(healthService(member.health, new Set(SERVICES.map(({ typeName }) => typeName))));
  const { stores } = member;
  const ofStores = stores.types.length === 0 ? [] : storeServiceInfos(stores);
  if (ofStores.length > 0) add(storeServices(stores, factsOf(member)));
  add(reflectionService([...SERVICES, ...ofStores]));
  return methods;
}

function factsOf({ parts, machine }: ClusterMemberCore): MemberFacts {
  const own = () => machine.members.find(({ id }) => id === parts.id);
  return {
    name: parts.name,
    dataDirectory: parts.dataDirectory,
    startedMs: Date.now(),
    addresses: () => own()?.clientUrls ?? [],
    peerCount: () => Math.max(0, machine.members.length - 1),
  };
}

/** etcd's Cluster service: who the members are, and changes of that. */
import { etcdserverpb } from "@lattice/etcd-proto";
import type { CallContext, Method } from "@lattice/grpc-front";
import type { IMessageType } from "@protobuf-ts/runtime";
import type { AuthGate } from "../auth/auth-gate.ts";
import type { MemberPort, ServiceMethods } from "./member-port.ts";
import { unaryMethod } from "./unary-method.ts";

type Member = etcdserverpb.Member;

/** What can be done about members, wherever it is asked for. Rejects with an `EtcdError`. */
export interface MemberChanges {
  add(peerUrls: readonly string[], isLearner: boolean): Promise<Member>;
  remove(id: bigint): Promise<void>;
  update(id: bigint, peerUrls: readonly string[]): Promise<void>;
  promote(id: bigint): Promise<void>;
}

export interface ClusterServiceOptions {
  readonly member: MemberPort;
  readonly gate: AuthGate;
  readonly changes: MemberChanges;
  /** As far as this member knows. */
  readonly members: () => Member[];
}

export function* clusterService(options: ClusterServiceOptions): ServiceMethods {
  const { member, gate, changes, members } = options;
  const pb = etcdserverpb;
  const all = () => ({ header: headerOf(member), members: members() });
  const admit = async (call: CallContext) => {
    member.admit(call);
    await gate.admitAdministrator(call);
  };

  yield method("MemberAdd", pb.MemberAddRequest, pb.MemberAddResponse, async (request, call) => {
    await admit(call);
    const added = await changes.add(request.peerURLs, request.isLearner);
    return { ...all(), member: added };
  });
  yield method("MemberRemove", pb.MemberRemoveRequest, pb.MemberRemoveResponse, async ({ id }, call) => {
    await admit(call);
    await changes.remove(id);
    return all();
  });
  yield method("MemberUpdate", pb.MemberUpdateRequest, pb.MemberUpdateResponse, async (request, call) => {
    await admit(call);
    await changes.update(request.id, request.peerURLs);
    return all();
  });
  yield method("MemberPromote", pb.MemberPromoteRequest, pb.MemberPromoteResponse, async ({ id }, call) => {
    await admit(call);
    await changes.promote(id);
    return all();
  });
  yield method("MemberList", pb.MemberListRequest, pb.MemberListResponse, async ({ linearizable }, call) => {
    member.admit(call);
    await gate.admitKnown(call);
    if (linearizable) await member.readBarrier(call);
    return all();
  });
}

/** etcd's answers about members name no revision. */
function headerOf(member: MemberPort): etcdserverpb.ResponseHeader {
  return { ...member.header(), revision: 0n };
}

function method<Q extends object, R extends object>(
  name: string,
  request: IMessageType<Q>,
  response: IMessageType<R>,
  handle: (request: Q, call: CallContext) => Promise<R>,
): [path: string, method: Method] {
  return [`/etcdserverpb.Cluster/${name}`, unaryMethod({ request, response, handle })];
}

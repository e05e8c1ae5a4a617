/** etcd's calls by name, over one connection to one member. */
import { etcdserverpb as pb } from "@lattice/etcd-proto";
import type { IMessageType, PartialMessage } from "@protobuf-ts/runtime";
import { Conversation } from "./conversation.ts";
import { GrpcChannel, type CallOptions } from "./grpc-channel.ts";

/** A call of one answer. */
export interface Rpc<Request extends object, Response extends object> {
  readonly path: string;
  readonly request: IMessageType<Request>;
  readonly response: IMessageType<Response>;
}

function rpc<Request extends object, Response extends object>(
  method: string,
  request: IMessageType<Request>,
  response: IMessageType<Response>,
): Rpc<Request, Response> {
  return { path: `/etcdserverpb.${method}`, request, response };
}

export const calls = {
  range: rpc("KV/Range", pb.RangeRequest, pb.RangeResponse),
  put: rpc("KV/Put", pb.PutRequest, pb.PutResponse),
  deleteRange: rpc("KV/DeleteRange", pb.DeleteRangeRequest, pb.DeleteRangeResponse),
  txn: rpc("KV/Txn", pb.TxnRequest, pb.TxnResponse),
  compact: rpc("KV/Compact", pb.CompactionRequest, pb.CompactionResponse),
  leaseGrant: rpc("Lease/LeaseGrant", pb.LeaseGrantRequest, pb.LeaseGrantResponse),
  leaseRevoke: rpc("Lease/LeaseRevoke", pb.LeaseRevokeRequest, pb.LeaseRevokeResponse),
  leaseTimeToLive: rpc("Lease/LeaseTimeToLive", pb.LeaseTimeToLiveRequest, pb.LeaseTimeToLiveResponse),
  leases: rpc("Lease/LeaseLeases", pb.LeaseLeasesRequest, pb.LeaseLeasesResponse),
  memberAdd: rpc("Cluster/MemberAdd", pb.MemberAddRequest, pb.MemberAddResponse),
  memberRemove: rpc("Cluster/MemberRemove", pb.MemberRemoveRequest, pb.MemberRemoveResponse),
  memberUpdate: rpc("Cluster/MemberUpdate", pb.MemberUpdateRequest, pb.MemberUpdateResponse),
  memberList: rpc("Cluster/MemberList", pb.MemberListRequest, pb.MemberListResponse),
  memberPromote: rpc("Cluster/MemberPromote", pb.MemberPromoteRequest, pb.MemberPromoteResponse),
  alarm: rpc("Maintenance/Alarm", pb.AlarmRequest, pb.AlarmResponse),
  status: rpc("Maintenance/Status", pb.StatusRequest, pb.StatusResponse),
  defragment: rpc("Maintenance/Defragment", pb.DefragmentRequest, pb.DefragmentResponse),
  hashKv: rpc("Maintenance/HashKV", pb.HashKVRequest, pb.HashKVResponse),
  moveLeader: rpc("Maintenance/MoveLeader", pb.MoveLeaderRequest, pb.MoveLeaderResponse),
} as const;

export class EtcdClient implements Disposable {
  readonly channel: GrpcChannel;

  constructor(address: string, metadata: Readonly<Record<string, string>> = {}) {
    this.channel = new GrpcChannel(address, metadata);
  }

  /** Throws `CallFailure`. */
  async call<Request extends object, Response extends object>(
    { path, request, response }: Rpc<Request, Response>,
    message: PartialMessage<Request>,
    options: CallOptions = {},
  ): Promise<Response> {
    const bytes = request.toBinary(request.create(message));
    return response.fromBinary(await this.channel.unary(path, bytes, options));
  }

  watch(options: CallOptions = {}): Conversation<pb.WatchRequest, pb.WatchResponse> {
    const stream = this.channel.stream("/etcdserverpb.Watch/Watch", options);
    return new Conversation(stream, pb.WatchRequest, pb.WatchResponse);
  }

  keepAlive(options: CallOptions = {}): Conversation<pb.LeaseKeepAliveRequest, pb.LeaseKeepAliveResponse> {
    const stream = this.channel.stream("/etcdserverpb.Lease/LeaseKeepAlive", options);
    return new Conversation(stream, pb.LeaseKeepAliveRequest, pb.LeaseKeepAliveResponse);
  }

  close(): void {
    this.channel.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

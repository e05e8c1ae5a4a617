export { EtcdError, EtcdErrors, type EtcdErrorName } from "./errors.ts";
export { GrpcCode } from "@lattice/model/grpc-code";
export * as etcdserverpb from "./gen/etcdserverpb/rpc.ts";
export * as mvccpb from "./gen/mvccpb/kv.ts";
export * as authpb from "./gen/authpb/auth.ts";
export * as v3lockpb from "./gen/v3lockpb/v3lock.ts";
export * as v3electionpb from "./gen/v3electionpb/v3election.ts";
export {
  AuthClient,
  ClusterClient,
  KVClient,
  LeaseClient,
  MaintenanceClient,
  WatchClient,
} from "./gen/etcdserverpb/rpc.client.ts";
export { LockClient } from "./gen/v3lockpb/v3lock.client.ts";
export { ElectionClient } from "./gen/v3electionpb/v3election.client.ts";

export { Conversation } from "./conversation.ts";
export { calls, EtcdClient, type Rpc } from "./etcd-client.ts";
export { freePorts } from "./free-ports.ts";
export { CallFailure, GrpcChannel, type CallOptions, type RawStream } from "./grpc-channel.ts";
export { MemberProcess, type Ending, type MemberOptions } from "./member-process.ts";
export { etcd, lattice, versionOf, type Seat, type ServerProgram } from "./server-program.ts";
export { TestCluster, type TestClusterOptions } from "./test-cluster.ts";
export { authpb, etcdserverpb, mvccpb, v3electionpb, v3lockpb } from "@lattice/etcd-proto";
export type { IMessageType, PartialMessage } from "@protobuf-ts/runtime";

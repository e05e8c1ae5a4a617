export { startClusterMember, type ClusterMember, type Ended } from "./member/start-cluster-member.ts";
export type {
  ClientEndpoint,
  ClusterMemberOptions,
  InitialCluster,
  Log,
  LogLevel,
  PeerEndpoint,
} from "./member/options.ts";

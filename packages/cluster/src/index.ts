export {
  startClusterMember,
  type ClusterMember,
  type ClusterMemberStatus,
  type Ended,
} from "./member/start-cluster-member.ts";
export { restoreSnapshot, type RestoredMember, type RestoreOptions } from "./restore/restore-snapshot.ts";
export type {
  ClientEndpoint,
  ClusterMemberOptions,
  InitialCluster,
  Log,
  LogLevel,
  PeerEndpoint,
} from "./member/options.ts";

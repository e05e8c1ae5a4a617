export type { UserPassword } from "./auth-token.ts";
export {
  openClusterClient,
  type ClusterCallOptions,
  type ClusterClient,
  type ClusterClientOptions,
  type ClusterMethods,
  type WatchCallOptions,
} from "./cluster-client.ts";
export { openClusterView, type ClusterViewOptions, type OpenClusterView } from "./cluster-view.ts";
export type { ClientTls } from "./connection.ts";
export { openLatticeClient } from "./lattice-client.ts";
export { WatchCompacted, type WatchRequest, type WatchResponse } from "./watch.ts";

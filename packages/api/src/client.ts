/**
 * The one interface through which everybody uses a node: a program in the same process, the command line over the
 * socket, later the web page. Which of them it is shows only in how the client was made.
 */
import type { DynamicStoreServiceClient, NodeServiceClient, StoreServiceClient } from "@lattice/proto";
import type { Methods } from "@lattice/store";

export interface LatticeClient extends AsyncDisposable {
  readonly node: Methods<NodeServiceClient>;
  readonly store: Methods<StoreServiceClient>;
  readonly dynamic: Methods<DynamicStoreServiceClient>;
  /** Ends the connection, not the node. Can be called twice. */
  close(): Promise<void>;
}

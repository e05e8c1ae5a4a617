import type { daemon } from "@lattice/proto";

/** How clusters fare, which are processes of their own: a port, for whoever puts a node together to fill. */
export interface ClusterView {
  /** Where members were said to be. */
  readonly endpoints: readonly string[];
  /** Those that were named, and those that they know of, whether they answer or not. */
  members(): Promise<readonly daemon.ClusterMember[]>;
}

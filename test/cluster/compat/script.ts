import type { Side } from "./side.ts";

/** Commands in an order, run against each of the clusters that are compared. */
export interface Script {
  readonly name: string;
  /** For a cluster of its own, that is new. */
  run(side: Side): Promise<void>;
}

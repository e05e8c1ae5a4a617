import type { ChaosWorld } from "../chaos-world.ts";

/** Something that is done to a cluster and undone after a while. */
export interface Fault {
  readonly name: string;
  /** How often it is drawn, beside the others. */
  readonly weight: number;
  /** Does it, tells what it was, and answers how it is undone; or undefined where it cannot be done now. */
  begin(world: ChaosWorld, draw: Draw): Promise<Undo | undefined>;
}

export type Undo = () => Promise<void>;

/** Drawn before anything is known of the cluster, so that a seed always draws the same. */
export interface Draw {
  /** How long it lasts. */
  readonly forMs: number;
  /** From 0 to below the bound. */
  pick(bound: number): number;
}

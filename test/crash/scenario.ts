import type { World } from "./world.ts";

export interface Scenario {
  readonly name: string;
  /** One round, until the world has no kills left. */
  readonly run: (world: World) => Promise<void>;
}

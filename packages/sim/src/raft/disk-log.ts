import type { Persisted } from "@lattice/raft";
import type { Prng } from "../prng.ts";
import type { DiskWrite } from "./raft-disk.ts";

/** The log of a member as bytes. */
export interface DiskLog {
  write(writes: readonly DiskWrite[]): void;
  synced(): void;
  /** How many of the writes under way are there. */
  crash(random: Prng): number;
  recover(model: Persisted): Persisted;
  rot(random: Prng): boolean;
}

/**
 * Where one store lies: its log, which is the truth, and its state, which can be had again from the log. A directory
 * (`directoryPlace`), or the disk of a simulation.
 */
import type { Storage } from "@lattice/storage";

export interface StorePlace {
  /** As messages name the log. */
  readonly name: string;
  /** Whether a store was begun here. */
  exists(): boolean;
  /** Of `LOG_TABLES`; empty where there was none. Throws `corrupt` and `in-use`. */
  openLog(): Storage;
  /** A state that cannot be opened is no loss: it is removed, and an empty one opened. */
  openState(tables: readonly string[]): Storage;
  removeState(): void;
  /** Differs after each start of the machine: what was not synced may have been lost since. */
  bootId(): string;
  /** An empty log beside the one that is there, which `replaceLog` puts in its place. */
  openNewLog(): Storage;
  /** In one step; both are closed. Keeps the old one aside where that is asked for. */
  replaceLog(options: { keepOld: boolean }): void;
  /** What the store takes. */
  bytes(): number;
}

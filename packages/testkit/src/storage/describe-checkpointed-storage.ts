/** The suite that every storage passes, beside `describeStorage`, that is written to disk in checkpoints. */
import type { CheckpointedStorage } from "@lattice/storage";
import { describeChecks, type Checks } from "../check.ts";
import { checkpointChecks } from "./checkpoint-checks.ts";
import { checkpointUseChecks } from "./checkpoint-use.ts";
import { viewChecks } from "./view-checks.ts";

export interface CheckpointedStorageUnderTest {
  /** A new, empty storage. */
  open(tables: readonly string[]): Promise<CheckpointedStorage>;
  /** Closes the storage and opens what it left. */
  reopen(storage: CheckpointedStorage): Promise<CheckpointedStorage>;
  /** Opens what the storage would leave if its process died now, while no checkpoint is under way. */
  crash(storage: CheckpointedStorage): Promise<CheckpointedStorage>;
  /** How many random uses are tried; 100 unless this says otherwise. */
  readonly runs?: number;
}

/** Registers the suite with vitest, a test a check. */
export function describeCheckpointedStorage(name: string, under: CheckpointedStorageUnderTest): void {
  describeChecks(name, checkpointedStorageChecks(), under);
}

/** What is asked of a storage, by name. */
export function checkpointedStorageChecks(): Checks<CheckpointedStorageUnderTest> {
  return { ...checkpointChecks, ...viewChecks, ...checkpointUseChecks };
}

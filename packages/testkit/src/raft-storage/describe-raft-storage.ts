/** The suite that every implementation of Raft's storage port passes. */
import { describeChecks, type Checks } from "../check.ts";
import { raftDurabilityChecks } from "./durability-checks.ts";
import type { RaftStorageUnderTest } from "./raft-storage-under-test.ts";
import { raftRandomUseChecks } from "./random-use.ts";
import { raftWriteChecks } from "./write-checks.ts";

/** Registers the suite with vitest, a test a check. */
export function describeRaftStorage(name: string, under: RaftStorageUnderTest): void {
  describeChecks(name, raftStorageChecks, under);
}

/** What is asked of Raft's storage, by name. */
export const raftStorageChecks: Checks<RaftStorageUnderTest> = {
  ...raftWriteChecks,
  ...raftDurabilityChecks,
  ...raftRandomUseChecks,
};

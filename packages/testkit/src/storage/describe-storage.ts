/** The suite that every implementation of the storage port passes. */
import { describeChecks, type Checks } from "../check.ts";
import { crashChecks, durabilityChecks } from "./durability-checks.ts";
import { randomUseChecks } from "./random-use.ts";
import { rangeChecks } from "./range-checks.ts";
import type { StorageUnderTest } from "./storage-under-test.ts";
import { tableChecks } from "./table-checks.ts";
import { transactionChecks } from "./transaction-checks.ts";

/** Registers the suite with vitest, a test a check. */
export function describeStorage(name: string, under: StorageUnderTest): void {
  describeChecks(name, storageChecks(under), under);
}

/** What is asked of a storage, by name. */
export function storageChecks(under: Pick<StorageUnderTest, "isDurable">): Checks<StorageUnderTest> {
  return {
    ...tableChecks,
    ...rangeChecks,
    ...transactionChecks,
    ...durabilityChecks,
    ...(under.isDurable === false ? {} : crashChecks),
    ...randomUseChecks,
  };
}

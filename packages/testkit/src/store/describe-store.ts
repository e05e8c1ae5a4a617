/**
 * The contract of a store type, as a suite (docs of the contract: `StoreDefinition` in @lattice/store, and CONTRIBUTING.md).
 *
 * Each check is a function that throws a `ContractViolation`; `describeStore` only registers them as tests. What it
 * cannot show: that a type means what its author meant. That is for tests of its own.
 */
import type { StoreType } from "@lattice/store";
import { describeChecks, type Checks } from "../check.ts";
import {
  checkAmbientUse,
  checkDeterminism,
  checkHostileOps,
  checkOpsCount,
  checkSynchrony,
  checkTables,
} from "./apply-checks.ts";
import { checkCommands, checkDefinition, checkQueries } from "./method-checks.ts";
import { methodsOf } from "./method-call.ts";
import { checkConvergence, checkRebuild, checkRevocation, checkSnapshot } from "./order-checks.ts";
import type { StoreSuiteOptions, StoreUnderTest } from "./store-under-test.ts";
import { checkStreams } from "./stream-checks.ts";

/** Registers the suite with vitest, a test a check. */
export function describeStore<Client>(type: StoreType<Client>, options: StoreSuiteOptions<Client>): void {
  const under = { ...options, type };
  describeChecks(`${type.type} as a store type`, storeChecks(under), under);
}

/** What is asked of a store type, by name; of methods only where it has some of the kind. */
export function storeChecks(under: StoreUnderTest): Checks<StoreUnderTest> {
  const has = (kind: "query" | "command" | "stream"): boolean => methodsOf(under, kind).length > 0;
  return {
    "has a handler for every method, and sound names": checkDefinition,
    "has ops that count": checkOpsCount,
    "gives one state and the same refusals for every causal order": checkConvergence,
    "gives the same rows and events each time": checkDeterminism,
    "applies without clock, randomness or event loop": checkAmbientUse,
    "applies at once": checkSynchrony,
    "keeps to the tables that it declares": checkTables,
    "refuses hostile payloads, and nothing else happens": checkHostileOps,
    "is rebuilt from its log, wherever that was interrupted": checkRebuild,
    "goes on from a snapshot": checkSnapshot,
    "gives one state without a revoked author": checkRevocation,
    ...(has("query") && { "reads in its queries, and does not write": checkQueries }),
    ...(has("command") && { "writes what counts in its commands, or fails in words": checkCommands }),
    ...(has("stream") && { "begins its streams with what there is, and ends them whole": checkStreams }),
  };
}

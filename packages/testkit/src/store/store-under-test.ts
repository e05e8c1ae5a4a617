import type { IntentionId } from "@lattice/model";
import type { StoreType } from "@lattice/store";
import type fc from "fast-check";
import type { MemoryReplica } from "./memory-replica.ts";

/**
 * A message, or what an author makes of what it sees: its replica, which holds all that is in the message's causal past,
 * and the ids of all ops there are, also of those that it has not seen.
 */
export type Writing<Client> =
  | object
  | ((replica: MemoryReplica<Client>, world: readonly IntentionId[]) => object);

export interface StoreSuiteOptions<Client> {
  /**
   * Payloads as authors of the type write them. The suite adds hostile ones by itself. Few different keys, so that ops
   * meet each other, find more than many.
   */
  readonly ops: fc.Arbitrary<Writing<Client>>;
  /**
   * By a method's local name, requests of which some succeed. For methods that are not named here, random messages
   * are tried, of values from the ops.
   */
  readonly requests?: Readonly<Record<string, fc.Arbitrary<Writing<Client>>>>;
  /** Random cases a check; 60 unless this says otherwise. */
  readonly runs?: number;
  /** Repeats the cases of a failure, which names it. */
  readonly seed?: number;
}

export interface StoreUnderTest<Client = any> extends StoreSuiteOptions<Client> {
  readonly type: StoreType<Client>;
}

/**
 * What concurrent operations made of one thing in a store, such as a key, as a store type tells it to whoever asks why the thing
 * is what it is. Who the authors are and what they had seen is no matter of the type: the kernel finds it in the DAG.
 */
import type { IntentionId } from "@lattice/model";

export interface Contest {
  /** What nobody has superseded; the first is what counts. Empty where there is nothing of that name. */
  readonly heads: readonly ContestHead[];
  /** Why the first counts: a sentence for people, without a full stop. */
  readonly rule: string;
  /** Calls of the type's own commands that leave one head; empty where there is one at the most. */
  readonly resolutions: readonly ContestResolution[];
}

export interface ContestHead {
  readonly id: IntentionId;
  /** Undefined: a removal. */
  readonly value: Uint8Array | undefined;
}

export interface ContestResolution {
  /** Local name of a command, such as `resolve`. */
  readonly method: string;
  readonly request: object;
  /** What comes of it, for people. */
  readonly text: string;
}

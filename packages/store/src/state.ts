/**
 * The state of a store as its type sees it: tables of its own, and nothing else.
 */
import type { Hash, Hlc, IntentionId, PubKey } from "@lattice/model";

export interface StateRange {
  readonly gte?: Uint8Array;
  readonly gt?: Uint8Array;
  readonly lt?: Uint8Array;
  readonly lte?: Uint8Array;
  readonly reverse?: boolean;
  readonly limit?: number;
}

export interface StateTableReader {
  get(key: Uint8Array): Uint8Array | undefined;
  has(key: Uint8Array): boolean;
  /** Rows in the order of their keys. Not to be continued after a write to the table. */
  range(range?: StateRange): Iterable<readonly [key: Uint8Array, value: Uint8Array]>;
  count(): number;
}

export interface StateTable extends StateTableReader {
  put(key: Uint8Array, value: Uint8Array): void;
  delete(key: Uint8Array): boolean;
}

export interface StateReader {
  /** Only the tables that the store type declared. */
  table(name: string): StateTableReader;
}

export interface StateTx {
  table(name: string): StateTable;
}

/** One op as it stands in the log, decoded. */
export interface Op<Payload> {
  readonly id: IntentionId;
  readonly hash: Hash;
  readonly author: PubKey;
  readonly seq: number;
  readonly timestamp: Hlc;
  readonly payload: Payload;
}

/** Marks refusals of every copy of this package in the process. */
const BRAND = Symbol.for("lattice.refusal");

/**
 * Thrown by `apply` to refuse an op: nothing of what it wrote is kept, and the reason is recorded in the
 * state. Whether an op is refused, and the words, must follow from the op alone, or
 * else from what every causally consistent order agrees on.
 *
 * `instanceof Refusal` also holds for a refusal by another copy of this package: a node that did not know it for one would
 * record another reason than the others, and so have another state.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";

  static override [Symbol.hasInstance](value: unknown): boolean {
    return this === Refusal
      ? value instanceof Error && (value as { [BRAND]?: unknown })[BRAND] === true
      : super[Symbol.hasInstance](value);
  }

  get [BRAND](): true {
    return true;
  }
}

import { compareBytes, ID_BYTES, type IntentionId } from "@lattice/model";

/**
 * An end of a range, which need not be the id of anything: 40 bytes that compare with ids as ids do. Ranges
 * hold their lower bound and not their upper one. Undefined is no bound: the start of all ids below,
 * infinity above.
 */
export type Bound = IntentionId | undefined;

const TIMESTAMP_BYTES = 8;

/**
 * The shortest bound with `before` below it and `after` not: the timestamp of `after` alone where the two differ in
 * that, and else as much of its hash as tells them apart. What is left out is zero.
 */
export function boundBetween(before: IntentionId, after: IntentionId): IntentionId {
  let shared = 0;
  while (shared < ID_BYTES && before[shared] === after[shared]) shared++;
  const bound = new Uint8Array(ID_BYTES);
  bound.set(after.subarray(0, Math.max(TIMESTAMP_BYTES, shared + 1)));
  return bound as IntentionId;
}

/** The hash part of a bound without the zeros at its end, which a reader puts back. */
export function boundPrefix(bound: IntentionId): Uint8Array {
  let end = ID_BYTES;
  while (end > TIMESTAMP_BYTES && bound[end - 1] === 0) end--;
  return bound.subarray(TIMESTAMP_BYTES, end);
}

export function isBelow(a: Uint8Array, b: Uint8Array): boolean {
  return compareBytes(a, b) < 0;
}

/**
 * A fingerprint of a set that does not depend on its order: the count of its elements and the sum of
 * their hashes mod 2^256. Adding and removing are inverse, so it follows a set as that changes. Used for
 * sets of intentions (weaver.md §6) and for the rows of a table (§9).
 *
 * An adversary who chooses the elements can make two sets with one sum (Wagner, "A Generalized Birthday
 * Problem", 2002), so equality is a hint to stop talking, never a proof of validity.
 */
import { equalBytes, readSeqBe, writeU64be } from "./bytes.ts";
import type { Hash } from "./hash.ts";

export const SET_SUM_BYTES = 40;
const SUM_BYTES = 32;

export class SetSum {
  #count = 0;
  /** Little-endian, so that the carry runs with the index. */
  readonly #sum = new Uint8Array(SUM_BYTES);

  get count(): number {
    return this.#count;
  }

  add(hash: Hash): void {
    this.#count += 1;
    const sum = this.#sum;
    let carry = 0;
    for (let at = 0; at < SUM_BYTES; at++) {
      carry += sum[at]! + hash[at]!;
      sum[at] = carry;
      carry >>>= 8;
    }
  }

  remove(hash: Hash): void {
    this.#count -= 1;
    const sum = this.#sum;
    let borrow = 0;
    for (let at = 0; at < SUM_BYTES; at++) {
      borrow += sum[at]! - hash[at]!;
      sum[at] = borrow;
      borrow >>= 8;
    }
  }

  /** The sum alone: 32 bytes, little-endian. */
  sum(): Uint8Array {
    return this.#sum.slice();
  }

  /** 40 bytes: count, big-endian ‖ sum. */
  encode(): Uint8Array {
    const out = new Uint8Array(SET_SUM_BYTES);
    writeU64be(out, this.#count, 0);
    out.set(this.#sum, 8);
    return out;
  }

  /** undefined for what `encode` does not give. */
  static decode(bytes: Uint8Array): SetSum | undefined {
    if (bytes.length !== SET_SUM_BYTES) return undefined;
    const out = new SetSum();
    out.#count = readSeqBe(bytes);
    if (!Number.isSafeInteger(out.#count)) return undefined;
    out.#sum.set(bytes.subarray(8));
    return out;
  }

  clone(): SetSum {
    const out = new SetSum();
    out.#count = this.#count;
    out.#sum.set(this.#sum);
    return out;
  }

  equals(other: SetSum): boolean {
    return this.#count === other.#count && equalBytes(this.#sum, other.#sum);
  }
}

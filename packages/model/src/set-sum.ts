/**
 * A fingerprint of a set that does not depend on its order: the count of its elements and the sum of
 * their hashes mod 2^256. Adding and removing are inverse, so it follows a set as that changes. Used for
 * sets of intentions (weaver.md §6) and for the rows of a table (§9).
 *
 * An adversary who chooses the elements can make two sets with one sum (Wagner, "A Generalized Birthday
 * Problem", 2002), so equality is a hint to stop talking, never a proof of validity.
 */
import { equalBytes } from "./bytes.ts";
import type { Hash } from "./hash.ts";

export const SET_SUM_BYTES = 40;
const WORDS = 8;

export class SetSum {
  #count = 0;
  readonly #words = new Uint32Array(WORDS);

  get count(): number {
    return this.#count;
  }

  add(hash: Hash): void {
    this.#count += 1;
    const at = new DataView(hash.buffer, hash.byteOffset, 32);
    let carry = 0;
    for (let word = 0; word < WORDS; word++) {
      const sum = this.#words[word]! + at.getUint32(word * 4, true) + carry;
      this.#words[word] = sum;
      carry = sum > 0xffffffff ? 1 : 0;
    }
  }

  remove(hash: Hash): void {
    this.#count -= 1;
    const at = new DataView(hash.buffer, hash.byteOffset, 32);
    let borrow = 0;
    for (let word = 0; word < WORDS; word++) {
      const difference = this.#words[word]! - at.getUint32(word * 4, true) - borrow;
      this.#words[word] = difference;
      borrow = difference < 0 ? 1 : 0;
    }
  }

  /** The sum alone: 32 bytes, little-endian. */
  sum(): Uint8Array {
    const out = new Uint8Array(32);
    const at = new DataView(out.buffer);
    this.#words.forEach((word, index) => at.setUint32(index * 4, word, true));
    return out;
  }

  /** 40 bytes: count, big-endian ‖ sum. */
  encode(): Uint8Array {
    const out = new Uint8Array(SET_SUM_BYTES);
    new DataView(out.buffer).setBigUint64(0, BigInt(this.#count));
    out.set(this.sum(), 8);
    return out;
  }

  static decode(bytes: Uint8Array): SetSum | undefined {
    if (bytes.length !== SET_SUM_BYTES) return undefined;
    const at = new DataView(bytes.buffer, bytes.byteOffset, SET_SUM_BYTES);
    const out = new SetSum();
    out.#count = Number(at.getBigUint64(0));
    for (let word = 0; word < WORDS; word++) out.#words[word] = at.getUint32(8 + word * 4, true);
    return out;
  }

  clone(): SetSum {
    const out = new SetSum();
    out.#count = this.#count;
    out.#words.set(this.#words);
    return out;
  }

  equals(other: SetSum): boolean {
    return this.#count === other.#count && equalBytes(this.encode(), other.encode());
  }
}

/**
 * The one source of chance: everything that a simulation draws comes from its seed through here.
 *
 * Streams are forked by name, from the seed and not from the state, so that drawing more in one place changes nothing
 * in another.
 */
import { concatBytes, sha256, u64be, utf8, type Random } from "@lattice/model";

/** xoshiro128** (Blackman, Vigna: Scrambled linear pseudorandom number generators, 2021). */
export class Prng implements Random {
  readonly #seed: Uint8Array;
  readonly #state: Uint32Array;

  constructor(seed: bigint | Uint8Array) {
    this.#seed = sha256(typeof seed === "bigint" ? u64be(BigInt.asUintN(64, seed)) : seed);
    const view = new DataView(this.#seed.buffer, this.#seed.byteOffset);
    this.#state = Uint32Array.from([0, 4, 8, 12], (at) => view.getUint32(at));
  }

  fork(name: string): Prng {
    return new Prng(concatBytes(this.#seed, utf8(name)));
  }

  /** 0 to 2^32 - 1. */
  uint32(): number {
    const s = this.#state;
    const result = Math.imul(rotate(Math.imul(s[1]!, 5), 7), 9) >>> 0;
    const shifted = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= shifted;
    s[3] = rotate(s[3]!, 11);
    return result;
  }

  /** At least 0, below 1. */
  unit(): number {
    return this.uint32() / 2 ** 32;
  }

  /** 0 to `bound`, without it. */
  below(bound: number): number {
    return Math.floor((this.uint32() / 2 ** 32) * bound);
  }

  /** A whole number, both ends included. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  chance(probability: number): boolean {
    return this.uint32() / 2 ** 32 < probability;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  /** Each number of a power law between two bounds is about as likely to have one digit as two. */
  spread(from: number, to: number): number {
    return from * (to / from) ** (this.uint32() / 2 ** 32);
  }

  shuffled<T>(from: readonly T[]): T[] {
    const items = [...from];
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [items[last], items[other]] = [items[other]!, items[last]!];
    }
    return items;
  }

  bytes(count: number): Uint8Array {
    const out = new Uint8Array(count);
    for (let at = 0; at < count; at++) out[at] = this.uint32() >>> 24;
    return out;
  }
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

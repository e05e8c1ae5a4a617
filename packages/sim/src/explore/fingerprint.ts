/**
 * 64 bits that stand for a state of the world and all others that differ from it in the members' names only: what a world is
 * made of is hashed piece by piece and added up, so that messages have no order, once for each renaming; the least sum is taken.
 */
import type { World } from "./world.ts";

export class Fingerprint {
  high = 0;
  low = 0;
  readonly #sums: Int32Array;

  constructor(renamingCount: number) {
    this.#sums = new Int32Array(renamingCount * 2);
  }

  take(world: World, hashesOf: (input: number) => Int32Array): void {
    const sums = this.#sums;
    sums.set(world.chronicle.hashes);
    for (const { hashes } of world.members) addTo(sums, hashes);
    for (const input of world.messages) addTo(sums, hashesOf(input));
    this.#takeLeast();
    this.high = (this.high + mix(world.spent)) | 0;
    this.low = (this.low + mix(~world.spent)) | 0;
  }

  #takeLeast(): void {
    const sums = this.#sums;
    this.high = sums[0]!;
    this.low = sums[1]!;
    for (let at = 2; at < sums.length; at += 2) {
      const [high, low] = [sums[at]!, sums[at + 1]!];
      if (high > this.high || (high === this.high && low >= this.low)) continue;
      this.high = high;
      this.low = low;
    }
  }
}

function addTo(sums: Int32Array, hashes: Int32Array): void {
  for (let at = 0; at < sums.length; at++) sums[at] = sums[at]! + hashes[at]!;
}

/** The finalizer of MurmurHash3 (Appleby). */
function mix(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

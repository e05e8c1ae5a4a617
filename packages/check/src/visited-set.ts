/**
 * The configurations that a search has seen, by 64-bit hash: open addressing with linear probing over one typed array. A
 * `Set` ends at 2^24 entries and takes ten times the memory.
 *
 * Two configurations of one hash count as one. Of n random hashes, some two are equal with a probability of about
 * n² / 2^65: 4·10^-8 for a million, 2·10^-6 for the default bound. Then a branch is not searched: what could be
 * linearized may be called a violation, and never the other way round.
 */
const SLOTS_FIRST = 1024;

export class VisitedSet {
  /** Two words a slot; a slot of zeros is free. */
  #words = new Uint32Array(2 * SLOTS_FIRST);
  #mask = SLOTS_FIRST - 1;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** False where it was there before. */
  add(high: number, low: number): boolean {
    if (3 * this.#count >= 2 * (this.#mask + 1)) this.#grow();
    const isNew = this.#put(high >>> 0, high === 0 && low === 0 ? 1 : low >>> 0);
    if (isNew) this.#count += 1;
    return isNew;
  }

  #put(high: number, low: number): boolean {
    const words = this.#words;
    for (let slot = low & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const storedHigh = words[2 * slot];
      const storedLow = words[2 * slot + 1];
      if (storedHigh === high && storedLow === low) return false;
      if (storedHigh === 0 && storedLow === 0) {
        words[2 * slot] = high;
        words[2 * slot + 1] = low;
        return true;
      }
    }
  }

  #grow(): void {
    const before = this.#words;
    this.#words = new Uint32Array(2 * before.length);
    this.#mask = before.length - 1;
    for (let at = 0; at < before.length; at += 2) {
      const high = before[at]!;
      const low = before[at + 1]!;
      if (high !== 0 || low !== 0) this.#put(high, low);
    }
  }
}

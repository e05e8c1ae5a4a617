/**
 * The states that were seen, as 64 bits of a hash each, in one open-addressing table. Two states are taken for one another
 * with a probability of at most n² · r / 2^65 for n states and r ways to rename the members: 10^-4 at 20 million and 6.
 */
const FIRST_SLOTS = 1 << 16;
const LOAD_MAX = 0.7;

export class Visited {
  #high = new Int32Array(FIRST_SLOTS);
  #low = new Int32Array(FIRST_SLOTS);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#high.byteLength + this.#low.byteLength;
  }

  /** Says whether it is new. */
  add(high: number, low: number): boolean {
    // All zero marks a free slot.
    const lowSet = high === 0 && low === 0 ? 1 : low;
    const slot = this.#find(high, lowSet);
    if (this.#high[slot] === high && this.#low[slot] === lowSet) return false;
    this.#high[slot] = high;
    this.#low[slot] = lowSet;
    this.#count += 1;
    if (this.#count > this.#high.length * LOAD_MAX) this.#grow();
    return true;
  }

  /** Where it stands, or may. */
  #find(high: number, low: number): number {
    const [highs, lows] = [this.#high, this.#low];
    const mask = highs.length - 1;
    // The high word decides which of the renamed states stands for all, so it is less evenly spread.
    let slot = (low ^ (high >>> 15)) & mask;
    while ((highs[slot] !== 0 || lows[slot] !== 0) && (highs[slot] !== high || lows[slot] !== low)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #grow(): void {
    const [highs, lows] = [this.#high, this.#low];
    this.#high = new Int32Array(highs.length * 2);
    this.#low = new Int32Array(lows.length * 2);
    for (let at = 0; at < highs.length; at++) {
      if (highs[at] === 0 && lows[at] === 0) continue;
      const slot = this.#find(highs[at]!, lows[at]!);
      this.#high[slot] = highs[at]!;
      this.#low[slot] = lows[at]!;
    }
  }
}

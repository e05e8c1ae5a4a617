/**
 * A 64-bit hash in two lanes of 32 bits, which is what JavaScript multiplies fast. Not for adversaries: whoever chooses
 * the values of a history can make two of them collide.
 *
 * Each lane is MurmurHash3's loop (A. Appleby, public domain) with other constants, one word at a time, so that a text
 * can be extended without being read again: that is what makes appends cheap (`extendText`).
 */

/** What was absorbed so far; not mixed at the end, hence not for tables. */
export interface Lanes {
  readonly high: number;
  readonly low: number;
}

export const EMPTY_TEXT: Lanes = { high: 0x2545f491, low: 0x1b873593 };

/** The lanes of `before` followed by `text`: the same for a text however it was cut into pieces. */
export function extendText(before: Lanes, text: string): Lanes {
  let { high, low } = before;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    high = absorbHigh(high, unit);
    low = absorbLow(low, unit);
  }
  return { high, low };
}

/** What a model feeds its state to: equal states must feed equal things in one order. */
export class Hasher {
  #high = 0;
  #low = 0;

  /** A whole number of at most 53 bits. */
  number(value: number): this {
    this.#absorb(value | 0);
    this.#absorb(Math.floor(value / 2 ** 32) | 0);
    return this;
  }

  text(value: string): this {
    const { high, low } = extendText(EMPTY_TEXT, value);
    return this.lanes({ high, low }).number(value.length);
  }

  boolean(value: boolean): this {
    this.#absorb(value ? 1 : 2);
    return this;
  }

  lanes({ high, low }: Lanes): this {
    this.#high = absorbHigh(this.#high, high);
    this.#low = absorbLow(this.#low, low);
    return this;
  }

  get high(): number {
    return finish(this.#high);
  }

  get low(): number {
    return finish(this.#low ^ 0x5bd1e995);
  }

  reset(): this {
    this.#high = 0;
    this.#low = 0;
    return this;
  }

  #absorb(word: number): void {
    this.#high = absorbHigh(this.#high, word);
    this.#low = absorbLow(this.#low, word);
  }
}

function absorbHigh(lane: number, word: number): number {
  const mixed = Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
  return (Math.imul(rotate(lane ^ mixed, 13), 5) + 0xe6546b64) | 0;
}

function absorbLow(lane: number, word: number): number {
  const mixed = Math.imul(rotate(Math.imul(word, 0x239b961b), 16), 0xab0e9789);
  return (Math.imul(rotate(lane ^ mixed, 17), 9) + 0x561ccd1b) | 0;
}

function finish(lane: number): number {
  let mixed = lane ^ (lane >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** So much at once, so much a second: what a client may ask of a server that does neither of them any good. */
export class Allowance {
  readonly #countMax: number;
  readonly #perSecond: number;
  #count: number;
  #filledMs: number;

  constructor({ countMax, perSecond, nowMs }: { countMax: number; perSecond: number; nowMs: number }) {
    this.#countMax = countMax;
    this.#perSecond = perSecond;
    this.#count = countMax;
    this.#filledMs = nowMs;
  }

  /** Whether there was one left. The clock is looked at only when it seems that there is none. */
  spend(now: () => number): boolean {
    if (this.#count < 1) this.#fill(now());
    if (this.#count < 1) return false;
    this.#count -= 1;
    return true;
  }

  /** For something that was of use. */
  earn(): void {
    if (this.#count < this.#countMax) this.#count += 1;
  }

  #fill(nowMs: number): void {
    const earned = ((nowMs - this.#filledMs) / 1_000) * this.#perSecond;
    this.#count = Math.min(this.#countMax, this.#count + earned);
    this.#filledMs = nowMs;
  }
}

/**
 * Hybrid logical clock (weaver.md §1; Kulkarni et al., "Logical Physical Clocks", 2014): 64 bits, of
 * which the upper 48 are milliseconds since 1970 and the lower 16 a counter. A counter that overflows
 * carries into the milliseconds, which is what adding 1 to the whole does.
 */
import type { Clock } from "./ports.ts";

declare const hlcBrand: unique symbol;
export type Hlc = bigint & { readonly [hlcBrand]: true };

export const HLC_ZERO = 0n as Hlc;
export const HLC_MAX = (1n << 64n) - 1n;

export function hlcFromMs(ms: number): Hlc {
  return (BigInt(Math.floor(ms)) << 16n) as Hlc;
}

export function hlcToMs(hlc: bigint): number {
  return Number(hlc >> 16n);
}

export function hlcCounter(hlc: bigint): number {
  return Number(hlc & 0xffffn);
}

/** The clock of one store. What it gives rises strictly, and is above everything it has witnessed. */
export class HybridClock {
  readonly #clock: Clock;
  #last: bigint;

  constructor(clock: Clock, last: bigint = HLC_ZERO) {
    this.#clock = clock;
    this.#last = last;
  }

  get last(): Hlc {
    return this.#last as Hlc;
  }

  tick(): Hlc {
    const now = hlcFromMs(this.#clock.now());
    this.#last = now > this.#last ? now : this.#last + 1n;
    return this.#last as Hlc;
  }

  witness(timestamp: bigint): void {
    if (timestamp > this.#last) this.#last = timestamp;
  }
}

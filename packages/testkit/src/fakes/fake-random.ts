import type { Random } from "@lattice/model";
import { seededRandom, type RandomNumber } from "./seeded-random.ts";

/** The port of randomness, giving the same bytes for the same seed. */
export class FakeRandom implements Random {
  readonly #random: RandomNumber;

  constructor(seed = 0) {
    this.#random = seededRandom(seed);
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.#random(256));
  }
}

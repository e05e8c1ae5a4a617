/** The set of placed operations as the XOR of a random 64-bit word for each of them (Zobrist 1970). */
import { Hasher, type Lanes } from "./hasher.ts";

export class PlacedWords {
  readonly #highs: Int32Array;
  readonly #lows: Int32Array;
  #high = 0;
  #low = 0;

  constructor(operationCount: number) {
    this.#highs = new Int32Array(operationCount);
    this.#lows = new Int32Array(operationCount);
    const hasher = new Hasher();
    for (let operation = 0; operation < operationCount; operation += 1) {
      hasher.reset().number(operation);
      this.#highs[operation] = hasher.high;
      this.#lows[operation] = hasher.low;
    }
  }

  /** Adds an operation, or takes it out. */
  toggle(operation: number): void {
    this.#high ^= this.#highs[operation]!;
    this.#low ^= this.#lows[operation]!;
  }

  /** The high word of the configuration in which `operation` is placed too, and the state is `state`. */
  highWith(operation: number, state: Lanes): number {
    return this.#high ^ this.#highs[operation]! ^ state.high;
  }

  lowWith(operation: number, state: Lanes): number {
    return this.#low ^ this.#lows[operation]! ^ state.low;
  }
}

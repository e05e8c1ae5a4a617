/** Bytes that are kept for others: of one connection, and of all together. */
export class ByteBudget {
  readonly #bytesMax: number;
  readonly #whole: ByteBudget | undefined;
  #bytes = 0;

  constructor(bytesMax: number, whole?: ByteBudget) {
    this.#bytesMax = bytesMax;
    this.#whole = whole;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isExceeded(): boolean {
    return this.#bytes > this.#bytesMax || this.#whole?.isExceeded === true;
  }

  /** More, or with a negative number less. What is there is counted, also past the bound; who keeps it asks `isExceeded`. */
  change(bytes: number): void {
    this.#bytes += bytes;
    this.#whole?.change(bytes);
  }
}

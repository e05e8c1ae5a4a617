/** What the client may still send, on a stream or on the connection (RFC 9113 §5.2, §6.9). */
export class ReceiveWindow {
  readonly #bytesMax: number;
  #bytes: number;
  /** Room that there is, and the client has not been told of. */
  #untold = 0;

  /** `bytes` is what the client knows of so far. */
  constructor(bytesMax: number, bytes = bytesMax) {
    this.#bytesMax = bytesMax;
    this.#bytes = bytes;
    this.#untold = bytesMax - bytes;
  }

  /** False where the client sent more than it may (§6.9.1). */
  take(bytes: number): boolean {
    this.#bytes -= bytes;
    return this.#bytes >= 0;
  }

  /** Room for as many again. Answers whether it is time to tell: a small increment is not worth a frame. */
  free(bytes: number): boolean {
    this.#untold += bytes;
    return this.#untold * 2 >= this.#bytesMax;
  }

  /** The increment for WINDOW_UPDATE; from here on the client may use it. */
  tell(): number {
    const increment = this.#untold;
    this.#untold = 0;
    this.#bytes += increment;
    return increment;
  }
}

/**
 * Copies of short byte strings, many to a buffer: a buffer of its own for each takes several times the memory
 * of what is in it. A copy that is kept for long keeps the whole buffer.
 */
const SLAB_BYTES = 16 << 10;
/** Longer ones get a buffer of their own. */
const SHARED_BYTES_MAX = 2 << 10;

export class ByteSlabs {
  #slab = new Uint8Array(0);
  #used = 0;

  copy(bytes: Uint8Array): Uint8Array {
    if (bytes.length > SHARED_BYTES_MAX) return new Uint8Array(bytes);
    if (this.#used + bytes.length > this.#slab.length) {
      this.#slab = new Uint8Array(SLAB_BYTES);
      this.#used = 0;
    }
    const copy = this.#slab.subarray(this.#used, this.#used + bytes.length);
    copy.set(bytes);
    this.#used += bytes.length;
    return copy;
  }
}

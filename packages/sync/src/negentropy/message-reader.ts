/**
 * Reads what a peer sent: total, canonical where the protocol is, and without taking memory on the word of the message.
 * Ranges come one by one, so a fault is found when its range is reached; whoever acts on a range has
 * then acted on a message that turns out malformed, and throws its answer away.
 */
import { HASH_BYTES, HLC_MAX, ID_BYTES, makeId, type Hash, type IntentionId } from "@lattice/model";
import { isBelow, type Bound } from "./bound.ts";
import { FINGERPRINT_BYTES, TIMESTAMP_BYTES_MAX } from "./limits.ts";
import { malformed } from "./malformed.ts";
import { MODE_FINGERPRINT, MODE_LIST, MODE_SKIP, type MessageRange } from "./message.ts";

/** The ranges of a message whose version was found to be ours. Throws `invalid-argument`. */
export function* readRanges(message: Uint8Array): Generator<MessageRange, void> {
  const reader = new RangeReader(message);
  while (!reader.atEnd) yield reader.range();
}

class RangeReader {
  readonly #bytes: Uint8Array;
  #at = 1;
  #timestamp = 0n;
  /** The upper bound of the range before; undefined once that was infinity. */
  #lower: Bound = new Uint8Array(ID_BYTES) as IntentionId;

  constructor(message: Uint8Array) {
    // A Buffer would hand out Buffers, whose `slice` does not copy.
    this.#bytes = new Uint8Array(message.buffer, message.byteOffset, message.byteLength);
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  range(): MessageRange {
    const to = this.#bound();
    const mode = this.#varint();
    if (mode === BigInt(MODE_SKIP)) return { mode: "skip", to };
    if (mode === BigInt(MODE_FINGERPRINT))
      return { mode: "fingerprint", to, fingerprint: this.#take(FINGERPRINT_BYTES) };
    if (mode === BigInt(MODE_LIST)) return { mode: "list", to, hashes: this.#hashes() };
    throw malformed("mode");
  }

  #bound(): Bound {
    if (this.#lower === undefined) throw malformed("after-infinity");
    const encoded = this.#varint();
    const length = this.#varint();
    if (encoded === 0n) {
      if (length !== 0n) throw malformed("infinity-prefix");
      this.#lower = undefined;
      return undefined;
    }
    if (length > BigInt(HASH_BYTES)) throw malformed("prefix-length");
    this.#timestamp += encoded - 1n;
    if (this.#timestamp >= HLC_MAX) throw malformed("timestamp");
    const hash = new Uint8Array(HASH_BYTES) as Hash;
    hash.set(this.#take(Number(length)));
    const bound = makeId(this.#timestamp, hash);
    if (isBelow(bound, this.#lower)) throw malformed("bounds-order");
    this.#lower = bound;
    return bound;
  }

  #hashes(): Uint8Array {
    const count = this.#varint();
    if (count * BigInt(HASH_BYTES) > BigInt(this.#bytes.length - this.#at)) throw malformed("list-count");
    return this.#take(Number(count) * HASH_BYTES);
  }

  /** Up to 2^64-1, in as few digits as possible. */
  #varint(): bigint {
    const end = this.#at + TIMESTAMP_BYTES_MAX;
    let value = 0n;
    for (let first = true; this.#at < end; first = false) {
      const byte = this.#take(1)[0]!;
      if (first && byte === 0x80) break;
      value = (value << 7n) | BigInt(byte & 0x7f);
      if (byte < 0x80) {
        if (value > HLC_MAX) break;
        return value;
      }
    }
    throw malformed("varint");
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw malformed("truncated");
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}

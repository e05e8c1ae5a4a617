/**
 * Builds a message within a limit.
 *
 * Invariants
 *  1. A message never exceeds `bytesMax`: whoever writes asks `hasRoom` or `listCountMax` first.
 *  2. What is written ends where the next thing starts: skipped ranges are joined, and written only when
 *     something follows them.
 *  3. However much was written, a skip and a fingerprint of all the rest still fit.
 */
import { assert, HASH_BYTES, HLC_MAX, idHash, idTimestamp, type IntentionId } from "@lattice/model";
import { boundPrefix, type Bound } from "./bound.ts";
import {
  BOUND_BYTES_MAX,
  BUCKET_COUNT,
  FINGERPRINT_BYTES,
  FRAME_BYTES_MIN,
  LIST_COUNT_BELOW,
  MESSAGE_BYTES_MAX,
  SKIP_BYTES_MAX,
} from "./limits.ts";
import { MODE_FINGERPRINT, MODE_LIST, MODE_SKIP, VERSION } from "./message.ts";
import { encodeVarint } from "./varint.ts";

/** Bound, mode, count. */
const LIST_HEAD_BYTES_MAX = BOUND_BYTES_MAX + 1 + 4;
const FINGERPRINT_RANGE_BYTES_MAX = BOUND_BYTES_MAX + 1 + FINGERPRINT_BYTES;
/** The most that the answer to one fingerprint takes: all buckets, or a list of what is too little to split. */
const SPLIT_BYTES_MAX = Math.max(
  BUCKET_COUNT * FINGERPRINT_RANGE_BYTES_MAX,
  LIST_HEAD_BYTES_MAX + (LIST_COUNT_BELOW - 1) * HASH_BYTES,
);
/** A skip up to the rest, and its fingerprint up to infinity. */
const REST_BYTES_MAX = SKIP_BYTES_MAX + FINGERPRINT_RANGE_BYTES_MAX;
const BYTES_AT_FIRST = 1024;

export class MessageWriter {
  readonly #bytesMax: number;
  #bytes = new Uint8Array(BYTES_AT_FIRST);
  #length = 0;
  #timestamp = 0n;
  #skippedTo: Bound;

  constructor(bytesMax: number) {
    assert(
      bytesMax >= FRAME_BYTES_MIN && bytesMax <= MESSAGE_BYTES_MAX,
      `a frame has ${FRAME_BYTES_MIN} to ${MESSAGE_BYTES_MAX} bytes`,
    );
    this.#bytesMax = bytesMax;
    this.#append(Uint8Array.of(VERSION));
  }

  /** Whether the answer to one more range fits. */
  get hasRoom(): boolean {
    return this.#room >= SKIP_BYTES_MAX + SPLIT_BYTES_MAX;
  }

  /** How many ids a list may have now; where there is room, it is at least what is too little to split. */
  get listCountMax(): number {
    return Math.floor((this.#room - SKIP_BYTES_MAX - LIST_HEAD_BYTES_MAX) / HASH_BYTES);
  }

  get #room(): number {
    return this.#bytesMax - this.#length - REST_BYTES_MAX;
  }

  skip(to: Bound): void {
    this.#skippedTo = to;
  }

  fingerprint(to: Bound, fingerprint: Uint8Array): void {
    this.#rangeHead(to, MODE_FINGERPRINT);
    this.#append(fingerprint);
  }

  list(to: Bound, ids: readonly IntentionId[]): void {
    this.#rangeHead(to, MODE_LIST);
    this.#append(encodeVarint(ids.length));
    for (const id of ids) this.#append(idHash(id));
  }

  /** The message; the writer is of no use after it. A skip at the end is what a message without it says. */
  finish(): Uint8Array {
    assert(this.#length <= this.#bytesMax, "a message keeps to its limit (1)");
    return this.#bytes.subarray(0, this.#length);
  }

  #rangeHead(to: Bound, mode: number): void {
    if (this.#skippedTo !== undefined) {
      this.#bound(this.#skippedTo);
      this.#append(encodeVarint(MODE_SKIP));
      this.#skippedTo = undefined;
    }
    this.#bound(to);
    this.#append(encodeVarint(mode));
  }

  #bound(bound: Bound): void {
    if (bound === undefined) {
      this.#append(Uint8Array.of(0, 0));
      return;
    }
    const timestamp = idTimestamp(bound);
    assert(timestamp < HLC_MAX, "no id has the timestamp that stands for infinity");
    const prefix = boundPrefix(bound);
    this.#append(encodeVarint(timestamp - this.#timestamp + 1n));
    this.#append(encodeVarint(prefix.length));
    this.#append(prefix);
    this.#timestamp = timestamp;
  }

  #append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(length, Math.min(2 * this.#bytes.length, this.#bytesMax)));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
  }
}

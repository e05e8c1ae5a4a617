/**
 * A block of the history: changes in the order of their revisions, one after the other.
 *
 *   bytes u32 (of all of it) | main u32 (after the block's own) | sub u32 | flags u8 | places | KeyValue
 *
 * Places, where the flags say so: the change of the same key before this one, and one further back (see `key-row.ts`).
 * Numbers are big-endian. A delete has but the key in its `KeyValue`, as in etcd.
 */
import { damaged } from "./damaged.ts";
import { PLACE_BYTES_MAX, readPlace, writePlace, type Place } from "./place.ts";
import { VarintReader } from "./varint.ts";

export interface Change {
  readonly main: number;
  readonly sub: number;
  readonly isDelete: boolean;
  /** Of the same key, the one before; may be gone. */
  readonly previous: Place | undefined;
  /** Of the same key, further back than `previous`. */
  readonly jump: Place | undefined;
  /** Bytes of a `mvccpb.KeyValue`: a view. */
  readonly keyValue: Uint8Array;
}

const HEADER_BYTES = 13;
/** More than a change takes beside its `KeyValue`. */
export const CHANGE_EXTRA_BYTES = HEADER_BYTES + 2 * PLACE_BYTES_MAX;

const DELETE = 1;
const PREVIOUS = 2;
const JUMP = 4;

/** All but the `KeyValue`, which comes where this ends; then `endChange`. */
export function beginChange(
  out: Uint8Array,
  at: number,
  head: Omit<Change, "keyValue">,
  blockMain: number,
): number {
  writeU32(out, at + 4, head.main - blockMain);
  writeU32(out, at + 8, head.sub);
  let flags = head.isDelete ? DELETE : 0;
  let next = at + HEADER_BYTES;
  if (head.previous !== undefined) {
    flags |= PREVIOUS;
    next = writePlace(out, next, head.previous);
  }
  if (head.jump !== undefined) {
    flags |= JUMP;
    next = writePlace(out, next, head.jump);
  }
  out[at + 12] = flags;
  return next;
}

/** `at` is where the change begins, `end` where its `KeyValue` ends. */
export function endChange(out: Uint8Array, at: number, end: number): void {
  writeU32(out, at, end - at);
}

/** Where a change begins; undefined where it is no longer there. */
export function findChange(block: Uint8Array, place: Place): number | undefined {
  const main = place.main - place.blockMain;
  for (let at = 0; at < block.length; at = endOf(block, at)) {
    const found = readU32(block, at + 4);
    if (found < main) continue;
    if (found > main) return undefined;
    if (readU32(block, at + 8) === place.sub) return at;
  }
  return undefined;
}

export function readChange(block: Uint8Array, at: number, blockMain: number): Change {
  const flags = block[at + 12]!;
  const reader = new VarintReader(block, at + HEADER_BYTES);
  const previous = (flags & PREVIOUS) === 0 ? undefined : readPlace(reader);
  const jump = (flags & JUMP) === 0 ? undefined : readPlace(reader);
  return {
    main: blockMain + readU32(block, at + 4),
    sub: readU32(block, at + 8),
    isDelete: (flags & DELETE) !== 0,
    previous,
    jump,
    keyValue: block.subarray(reader.at, endOf(block, at)),
  };
}

export function* changesOf(block: Uint8Array, blockMain: number): Generator<Change> {
  for (let at = 0; at < block.length; at = endOf(block, at)) yield readChange(block, at, blockMain);
}

/** The block without the changes that begin at `doomed`, which is in order. */
export function withoutChanges(block: Uint8Array, doomed: readonly number[]): Uint8Array {
  const out = new Uint8Array(block.length);
  let length = 0;
  let from = 0;
  for (const at of doomed) {
    out.set(block.subarray(from, at), length);
    length += at - from;
    from = endOf(block, at);
  }
  out.set(block.subarray(from), length);
  return out.subarray(0, length + block.length - from);
}

/** Of the change at `at`. */
function endOf(block: Uint8Array, at: number): number {
  const bytes = readU32(block, at);
  if (bytes < HEADER_BYTES || at + bytes > block.length) throw damaged("a block of the history");
  return at + bytes;
}

function writeU32(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}

function readU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

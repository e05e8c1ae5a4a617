/**
 * What the table of keys says of a key: where its last change is, and how to find those before it.
 *
 *   flags u8 | last change | create revision, version, lease i64 (of those, what the flags say) | ordinal | spine
 *
 * The changes of a key are counted from 1: `ordinal` is the last one's. Change n knows the places of n - 1 and of n with its
 * lowest bit cleared, so that the one that was the last at any revision is found in a number of steps that grows with the logarithm. The
 * *spine* is what the next changes will have to know: the places of n with its lowest bit cleared, and that one's, and so on, the
 * nearest first; 0, which is none, is not in it.
 *
 * What compaction has removed may still be named, but is never needed: a place is followed only if what is there is later than
 * the revision that is looked for, and that is not removed.
 */
import { damaged } from "./damaged.ts";
import { readPlace, writePlace, PLACE_BYTES_MAX, type Place } from "./place.ts";
import { NO_LEASE } from "./key-value.ts";
import { VarintReader, VARINT_BYTES_MAX, VARINT64_BYTES_MAX, writeVarint, writeVarint64 } from "./varint.ts";

export interface KeyRow {
  readonly last: Place;
  readonly isDeleted: boolean;
  /** These three are 0 of a key that is deleted. */
  readonly createRevision: number;
  readonly version: number;
  readonly lease: bigint;
  readonly ordinal: number;
  readonly spine: readonly Place[];
}

const DELETED = 1;
const LEASE = 2;
/** Of an ordinal below 2^53. */
const SPINE_COUNT_MAX = 52;

const scratch = new Uint8Array(
  1 + 3 * VARINT_BYTES_MAX + VARINT64_BYTES_MAX + (1 + SPINE_COUNT_MAX) * PLACE_BYTES_MAX,
);

/** A view that the next call overwrites. */
export function encodeKeyRow(row: KeyRow): Uint8Array {
  scratch[0] = (row.isDeleted ? DELETED : 0) | (row.lease === NO_LEASE ? 0 : LEASE);
  let at = writePlace(scratch, 1, row.last);
  if (!row.isDeleted) {
    at = writeVarint(scratch, at, row.createRevision);
    at = writeVarint(scratch, at, row.version);
    if (row.lease !== NO_LEASE) at = writeVarint64(scratch, at, row.lease);
  }
  at = writeVarint(scratch, at, row.ordinal);
  for (const place of row.spine) at = writePlace(scratch, at, place);
  return scratch.subarray(0, at);
}

export function decodeKeyRow(bytes: Uint8Array): KeyRow {
  const flags = bytes[0]!;
  const isDeleted = (flags & DELETED) !== 0;
  const reader = new VarintReader(bytes, 1);
  const last = readPlace(reader);
  const createRevision = isDeleted ? 0 : reader.varint();
  const version = isDeleted ? 0 : reader.varint();
  const lease = (flags & LEASE) === 0 ? NO_LEASE : reader.varint64();
  const ordinal = reader.varint();
  const spine: Place[] = [];
  while (reader.at < bytes.length) spine.push(readPlace(reader));
  // Past its end there are no numbers, and then nothing is equal.
  if (reader.at !== bytes.length) throw damaged("the row of a key");
  return { last, isDeleted, createRevision, version, lease, ordinal, spine };
}

/** What the change after the last one has to know. */
export interface NextLinks {
  readonly ordinal: number;
  readonly spine: readonly Place[];
  readonly previous: Place | undefined;
  readonly jump: Place | undefined;
}

const FIRST: NextLinks = { ordinal: 1, spine: [], previous: undefined, jump: undefined };

export function nextLinks(row: KeyRow | undefined): NextLinks {
  if (row === undefined) return FIRST;
  const { ordinal, last } = row;
  // Adding one clears the ones at the end and sets the bit before them; what is left of the others is their chain.
  const spine = [last, ...row.spine].slice(trailingOnes(ordinal));
  // Of an odd one the nearest of the spine is the one before it.
  const jump = ordinal % 2 === 0 ? undefined : spine[0];
  return { ordinal: ordinal + 1, spine, previous: last, jump };
}

function trailingOnes(value: number): number {
  let count = 0;
  for (let rest = value; rest % 2 === 1; rest = (rest - 1) / 2) count += 1;
  return count;
}

/**
 * What both sides do with a message: answer it range by range. Core; called by `Initiator` and `respond`.
 *
 * Invariants
 *  1. An answer covers every id: what is not answered for want of room is covered by one fingerprint of
 *     all the rest, over exactly the range that it is sent for.
 *  2. Ranges are dealt with from the lowest up, and the first one always fits. So each message makes the lowest
 *     range that differs 16 times smaller (by the count of whoever splits it) or settles it, and what lies below it
 *     never comes back. What was settled above it does, where the rest of (1) covers it again.
 *  3. Work: at most `RANGES_MAX` ranges of the message and what fits into one frame; see `ItemSource`.
 */
import { assert, equalBytes, type IntentionId } from "@lattice/model";
import { boundBetween, type Bound } from "./bound.ts";
import { fingerprintOf } from "./fingerprint.ts";
import type { ItemSource } from "./item-source.ts";
import { BUCKET_COUNT, LIST_COUNT_BELOW, RANGES_MAX } from "./limits.ts";
import { readRanges } from "./message-reader.ts";
import type { MessageWriter } from "./message-writer.ts";

export interface PeerList {
  readonly from: Bound;
  readonly to: Bound;
  /** All that the peer has in [from, to), one after the other. */
  readonly hashes: Uint8Array;
}

/** In what the two sides differ: what they do with a list. */
export interface Side {
  readonly hasRoom: boolean;
  /** Writes the answer. Returns the bound up to which it could, undefined if all the way. */
  takeList(list: PeerList, out: MessageWriter): Bound;
}

/** Writes the answer to a message of our version. Throws `invalid-argument`. */
export function answer(source: ItemSource, side: Side, message: Uint8Array, out: MessageWriter): void {
  let from: Bound;
  let rangeCount = 0;
  for (const range of readRanges(message)) {
    if (!out.hasRoom || !side.hasRoom || ++rangeCount > RANGES_MAX) return answerRest(source, from, out);
    if (range.mode === "skip") {
      out.skip(range.to);
    } else if (range.mode === "fingerprint") {
      answerFingerprint(source, { from, to: range.to, fingerprint: range.fingerprint }, out);
    } else {
      const cut = side.takeList({ from, to: range.to, hashes: range.hashes }, out);
      if (cut !== undefined) return answerRest(source, cut, out);
    }
    from = range.to;
  }
}

function answerRest(source: ItemSource, from: Bound, out: MessageWriter): void {
  out.fingerprint(undefined, fingerprintOf(source.sum(from, undefined)));
}

interface PeerFingerprint {
  readonly from: Bound;
  readonly to: Bound;
  readonly fingerprint: Uint8Array;
}

function answerFingerprint(source: ItemSource, theirs: PeerFingerprint, out: MessageWriter): void {
  const { from, to, fingerprint } = theirs;
  const ours = source.sum(from, to);
  if (equalBytes(fingerprintOf(ours), fingerprint)) out.skip(to);
  else split(source, { from, to, count: ours.count }, out);
}

interface OwnRange {
  readonly from: Bound;
  readonly to: Bound;
  /** How many ids we have in it. */
  readonly count: number;
}

/** Lists a range of ours, or, where that is long, sends the fingerprints of its parts. */
export function split(source: ItemSource, range: OwnRange, out: MessageWriter): void {
  const { to, count } = range;
  if (count < LIST_COUNT_BELOW) {
    out.list(to, [...source.ids(range.from, to)]);
    return;
  }
  let { from } = range;
  for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) {
    const size = Math.floor(count / BUCKET_COUNT) + (bucket < count % BUCKET_COUNT ? 1 : 0);
    const end = bucket === BUCKET_COUNT - 1 ? to : boundAfter(source, { from, to, count: size });
    out.fingerprint(end, fingerprintOf(source.sum(from, end)));
    from = end;
  }
}

/** The bound behind the first `count` ids of a range that has more. */
function boundAfter(source: ItemSource, { from, to, count }: OwnRange): IntentionId {
  const last = source.nth(from, to, count - 1);
  const next = source.nth(from, to, count);
  assert(last !== undefined && next !== undefined, "a source does not change within a call");
  return boundBetween(last, next);
}

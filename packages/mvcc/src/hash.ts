/**
 * The hash of a key space up to a revision, as etcd's `HashKV` makes it: the CRC-32C of all changes since the last compaction,
 * and of what was there at that time and still is at the revision. A member of etcd's with the same history gives the same number.
 */
import { EtcdError } from "@lattice/etcd-proto";
import { utf8, writeU64be } from "@lattice/model";
import { crc32c } from "./crc32c.ts";
import { changesOf, type Change } from "./history-block.ts";
import { keyOf } from "./key-value.ts";
import { BLOCKS_PER_STEP } from "./limits.ts";
import type { Reading } from "./reading.ts";

export interface KeySpaceHash {
  readonly hash: number;
  /** Up to which changes count. */
  readonly revision: number;
  /** Only hashes with the same one can be compared; -1 before the first. */
  readonly compactRevision: number;
}

/** The table that etcd keeps changes in. */
const BUCKET = utf8("key");
const UNDERSCORE = 0x5f;
const TOMBSTONE = 0x74;

/** All at once. */
export function hash(reading: Reading, revision: number): KeySpaceHash | EtcdError {
  const steps = hashInSteps(() => reading, revision);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/**
 * The same in steps of at most BLOCKS_PER_STEP blocks of history, between which others may write. If they compact it begins anew.
 * `revision` 0 is the present one. Refuses with `futureRev`, and with `compacted` from the compacted revision itself on.
 */
export function* hashInSteps(open: () => Reading, wanted: number): Generator<void, KeySpaceHash | EtcdError> {
  for (;;) {
    const reading = open();
    const { compactRevision } = reading;
    if (wanted > 0 && wanted <= compactRevision) return EtcdError.of("compacted");
    if (wanted > reading.revision) return EtcdError.of("futureRev");
    const revision = wanted > 0 ? wanted : reading.revision;
    const sum = yield* hashUpTo(open, { compactRevision, revision });
    if (sum !== undefined) return { hash: sum, revision, compactRevision };
  }
}

interface Span {
  readonly compactRevision: number;
  readonly revision: number;
}

/** Undefined where there was a compaction meanwhile. */
function* hashUpTo(open: () => Reading, span: Span): Generator<void, number | undefined> {
  const sums = new Sums(span);
  let from = { main: 0, sub: 0 };
  for (;;) {
    const reading = open();
    if (reading.compactRevision !== span.compactRevision) return undefined;
    let blocksLeft = BLOCKS_PER_STEP;
    let isDone = true;
    for (const { id, bytes } of reading.history.blocksFrom(from)) {
      if (id.main > span.revision) break;
      if (blocksLeft-- === 0) {
        isDone = false;
        break;
      }
      for (const change of changesOf(bytes, id.main)) {
        if (change.main < from.main || (change.main === from.main && change.sub < from.sub)) continue;
        if (change.main <= span.revision) sums.add(reading, change);
        from = { main: change.main, sub: change.sub + 1 };
      }
    }
    if (isDone) return sums.result;
    yield;
  }
}

/** Where no key is left at the revision, etcd counts all that was there at the last compaction, whatever became of it. */
class Sums {
  readonly #span: Span;
  #sum = crc32c(BUCKET, 0);
  #sumIfNoneIsLeft = crc32c(BUCKET, 0);
  #isOneLeft = false;

  constructor(span: Span) {
    this.#span = span;
  }

  add(reading: Reading, change: Change): void {
    const { compactRevision, revision } = this.#span;
    const isOld = change.main <= compactRevision;
    const isLeft = (isOld || !this.#isOneLeft) && isThere(reading, change, revision);
    this.#isOneLeft ||= isLeft;
    if (!isOld || isLeft) this.#sum = addChange(this.#sum, change);
    if (!this.#isOneLeft && (!isOld || isThere(reading, change, compactRevision))) {
      this.#sumIfNoneIsLeft = addChange(this.#sumIfNoneIsLeft, change);
    }
  }

  get result(): number {
    return this.#isOneLeft ? this.#sum : this.#sumIfNoneIsLeft;
  }
}

/** Whether the change is what its key holds at a revision. */
function isThere(reading: Reading, change: Change, revision: number): boolean {
  if (change.isDelete) return false;
  const key = keyOf(change.keyValue);
  const row = reading.row(key);
  const place = row && reading.versionAt(key, row, revision)?.place;
  return place?.main === change.main && place.sub === change.sub;
}

/** As etcd has it on disk: key and value. */
function addChange(sum: number, { main, sub, isDelete, keyValue }: Change): number {
  writeU64be(revisionKey, main, 0);
  writeU64be(revisionKey, sub, 9);
  return crc32c(keyValue, crc32c(isDelete ? revisionKey : revisionKey.subarray(0, -1), sum));
}

const revisionKey = new Uint8Array(18);
revisionKey[8] = UNDERSCORE;
revisionKey[17] = TOMBSTONE;

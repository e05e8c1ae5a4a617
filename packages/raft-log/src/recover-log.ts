/**
 * Reads what a log's segments hold, whatever a crash left of the last write. A core: it is given bytes.
 *
 * What it decides, and why, is said in tail.ts of one segment's end. Of several:
 *  1. A frame says which one it follows, so a segment whose end was lost does not go with the next.
 *  2. A segment without a whole frame was being begun, as the newest; what comes behind it is zeros, as they were made.
 *  3. Where a torn write was cut off, the log goes on in a new segment: what is left of it is never written over, and
 *     stands at the end of its segment for as long as that is there.
 *  4. Old segments are removed from the oldest on. Those in front of a gap are what was left of that, and are not
 *     read; if one in the gap was needed, entries are missing, which is found in the end.
 */
import { equalBytes, LatticeError } from "@lattice/model";
import { PackReader, plus, type Entry, type LogIndex, type Persisted } from "@lattice/raft";
import { readChange, type LogChange } from "./change.ts";
import { FIRST_CHAIN, readFrame, type BrokenFrame, type Frame } from "./frame.ts";
import { SECTOR_BYTES } from "./limits.ts";
import type { LogEnd } from "./log-writer.ts";
import { EMPTY_LOG, LogOutline, type LogState } from "./outline.ts";
import { isZero } from "./sector.ts";
import { SegmentSpans } from "./spans.ts";
import { encodeStart, readStart } from "./start.ts";
import { judgeTail } from "./tail.ts";

const FIRST_SEGMENT = 1;

export interface SegmentBytes {
  readonly number: number;
  /** All of its file. Asked for once, so it may be read then. Not changed and not kept. */
  readonly bytes: Uint8Array;
}

export interface SegmentPlace {
  readonly segment: number;
  readonly offset: number;
}

export interface RecoveredLog {
  readonly persisted: Persisted;
  /** For the writer that goes on with the log. */
  readonly end: LogEnd;
  /** Where a torn write was cut off. */
  readonly torn: SegmentPlace | undefined;
  /** Segments that hold nothing of the log. They must be gone, durably, before anything is written. */
  readonly removable: readonly number[];
}

/** In any order. Throws `corrupt`, with the segment and the offset in its details, or `unsupported-schema`. */
export function recoverLog(segments: readonly SegmentBytes[]): RecoveredLog {
  const sorted = segments.toSorted((a, b) => a.number - b.number);
  const gap = sorted.findLastIndex(({ number }, at) => at > 0 && sorted[at - 1]!.number !== number - 1);
  const leftOver = sorted.slice(0, Math.max(0, gap)).map(({ number }) => number);
  const recovery = new Recovery();
  for (const { number, bytes } of sorted.slice(leftOver.length))
    recovery.read(number, wholeSectors(bytes), bytes.length);
  return recovery.finish(leftOver);
}

class Recovery {
  #outline = new LogOutline();
  readonly #spans = new SegmentSpans();
  readonly #entries = new KnownEntries();
  #place: SegmentPlace = { segment: FIRST_SEGMENT - 1, offset: 0 };
  #segmentBytes = 0;
  /** Undefined until a segment that is not the first of all has told. */
  #previous: number | undefined = FIRST_CHAIN;
  #torn: SegmentPlace | undefined;
  /** Segments that hold nothing. */
  readonly #unused: number[] = [];

  read(segment: number, file: Buffer, fileBytes: number): void {
    if (this.#unused.length > 0) {
      if (!isZero(file))
        throw damage({ segment, offset: 0 }, "it has been written to, and the one before it has not");
      this.#unused.push(segment);
      return;
    }
    const isOldest = this.#segmentBytes === 0;
    if (isOldest && segment !== FIRST_SEGMENT) this.#previous = undefined;
    const first = readFrame(file, { segment, offset: 0, previous: this.#previous });
    if (!first.isWhole) {
      const torn = this.#judge(file, { segment, offset: 0 }, first);
      if (isOldest && segment !== FIRST_SEGMENT)
        throw damage({ segment, offset: 0 }, "the segment the log begins with is empty");
      this.#torn = torn ?? this.#torn;
      this.#unused.push(segment);
      return;
    }
    this.#begin({ segment, first, fileBytes, isOldest });
    this.#readFrames(segment, file, first.end);
  }

  finish(leftOver: readonly number[]): RecoveredLog {
    const { hardState, snapshot, base } = this.#outline.state;
    const entries = this.#entries.behind(base.index);
    if (!entries) {
      const what = `entry ${base.index + 1} is missing: a segment before the oldest one is gone`;
      throw damage({ ...this.#place, offset: 0 }, what);
    }
    const removable = [...leftOver, ...this.#spans.takeDead(base.index), ...this.#unused];
    return {
      persisted: { hardState, snapshot, base, entries },
      end: {
        ...this.#place,
        segmentBytes: this.#segmentBytes,
        previous: this.#previous ?? FIRST_CHAIN,
        outline: this.#outline,
        spans: this.#spans,
      },
      torn: this.#torn,
      removable,
    };
  }

  #begin(what: { segment: number; first: Frame; fileBytes: number; isOldest: boolean }): void {
    const { segment, first, fileBytes, isOldest } = what;
    const place = { segment, offset: 0 };
    const reader = new PackReader(first.payload);
    const { segmentBytes, state } = readable(place, () => readStart(reader));
    if (segmentBytes !== fileBytes) throw damage(place, `it has ${fileBytes} bytes of ${segmentBytes}`);
    if (isOldest) {
      const isFirst = segment === FIRST_SEGMENT;
      if (isFirst && !isSameState(state, EMPTY_LOG))
        throw damage(place, "it is the first, and begins with another state");
      this.#outline = new LogOutline(state);
      this.#entries.beginBehind(state.last);
    } else if (!isSameState(state, this.#outline.state)) {
      throw damage(place, "it begins with another state than the segment before it ended with");
    }
    this.#segmentBytes = segmentBytes;
    this.#torn = undefined;
    this.#spans.begin(segment, state.last);
    this.#apply(place, first, reader);
  }

  #readFrames(segment: number, file: Buffer, start: number): void {
    let offset = start;
    while (offset < file.length) {
      const frame = readFrame(file, { segment, offset, previous: this.#previous });
      if (!frame.isWhole) {
        this.#torn = this.#judge(file, { segment, offset }, frame);
        break;
      }
      this.#apply({ segment, offset }, frame, new PackReader(frame.payload));
      offset = frame.end;
    }
    // Rule 3: behind a torn write there is no room.
    this.#place = { segment, offset: this.#torn ? file.length : offset };
  }

  /** The writes of a frame. */
  #apply(place: SegmentPlace, frame: Frame, reader: PackReader): void {
    while (!reader.isAtEnd) {
      const change = readable(place, () => readChange(reader));
      const fault = this.#outline.apply(change);
      if (fault !== undefined) throw damage(place, `the frame there has ${fault}`);
      this.#spans.keep(change.kept);
      this.#entries.apply(change);
    }
    this.#previous = frame.checksum;
  }

  /** Where the write was torn, if one was. */
  #judge(file: Buffer, place: SegmentPlace, frame: BrokenFrame): SegmentPlace | undefined {
    const tail = judgeTail(file, place.offset, frame);
    if (tail.kind === "damaged")
      throw damage({ ...place, offset: tail.offset }, `the frame there ${tail.what}`);
    return tail.kind === "torn" ? place : undefined;
  }
}

/** The end of the log, as far as the segments that are there have it. */
class KnownEntries {
  #entries: Entry[] = [];
  #first = plus(EMPTY_LOG.last, 1);

  beginBehind(last: LogIndex): void {
    this.#first = plus(last, 1);
  }

  apply({ kept, entries, base }: LogChange): void {
    const first = plus(kept, 1);
    // Either all of them are gone, or those from there on.
    if (base?.index === kept || first <= this.#first) {
      this.#entries = [];
      this.#first = first;
    }
    this.#entries.length = first - this.#first;
    for (const entry of entries) this.#entries.push(entry);
  }

  /** Undefined where some are not known. */
  behind(base: LogIndex): Entry[] | undefined {
    return this.#first > base + 1 ? undefined : this.#entries.slice(base + 1 - this.#first);
  }
}

function isSameState(a: LogState, b: LogState): boolean {
  const bytes = (state: LogState): Uint8Array => encodeStart({ segmentBytes: 0, state });
  return equalBytes(bytes(a), bytes(b));
}

/** A file that was cut off within a sector goes on in zeros, for what is left of it to be looked at. */
function wholeSectors(bytes: Uint8Array): Buffer {
  const whole = Math.ceil(bytes.length / SECTOR_BYTES) * SECTOR_BYTES;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return whole === bytes.length ? view : Buffer.concat([view], whole);
}

function readable<T>(place: SegmentPlace, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof LatticeError) || error.code !== "corrupt") throw error;
    throw damage(place, `the frame there is whole, but ${error.message}`, error);
  }
}

function damage({ segment, offset }: SegmentPlace, what: string, cause?: unknown): LatticeError {
  const details = { segment: `${segment}`, offset: `${offset}` };
  return new LatticeError("corrupt", `segment ${segment}, byte ${offset}: ${what}`, { details, cause });
}

/**
 * Turns writes into bytes at places. A core: it does no I/O, so that a simulator runs it over files of its own.
 *
 * Whoever calls it sees to it that
 *  1. what `take` gave is durable before it calls `take` again: a frame's presence says that all before it was synced;
 *  2. a segment is `segmentBytes` zeros, and its file and name are durable, before the first bytes go into it;
 *  3. segments are removed only once the bytes that came with them are durable;
 *  4. after a write that failed nothing is written any more.
 */
import { assert, LatticeError } from "@lattice/model";
import { PackWriter, type LogIndex, type RaftWrite } from "@lattice/raft";
import { writeChange } from "./change.ts";
import { encodeFrame, frameBytes } from "./frame.ts";
import { SECTOR_BYTES, WRITE_BYTES_MAX } from "./limits.ts";
import type { LogOutline, LogState } from "./outline.ts";
import type { SegmentSpans } from "./spans.ts";
import { encodeStart } from "./start.ts";

/** Bytes that go to a place of a segment. */
export interface SegmentWrite {
  /** Where `offset` is 0, a segment that is yet to be made. */
  readonly segment: number;
  readonly segmentBytes: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** Segments that nobody needs once this is durable, oldest first. */
  readonly removable: readonly number[];
}

/** Where a log ends: where its writer goes on. */
export interface LogEnd {
  readonly segment: number;
  readonly segmentBytes: number;
  readonly offset: number;
  /** The checksum of the last frame. */
  readonly previous: number;
  readonly outline: LogOutline;
  readonly spans: SegmentSpans;
}

export interface LogWriterOptions {
  /** Of new segments: whole sectors. A write that needs more gets more. */
  readonly segmentBytes: number;
}

export class LogWriter {
  readonly #segmentBytesNew: number;
  readonly #outline: LogOutline;
  readonly #spans: SegmentSpans;
  #segment: number;
  #segmentBytes: number;
  #offset: number;
  #previous: number;
  /** What a segment that begins with the writes that wait would repeat. */
  #stateBefore: LogState;
  readonly #waiting = new PackWriter();
  #keptMin: LogIndex;

  /** `end` is the writer's from now on. */
  constructor(end: LogEnd, { segmentBytes }: LogWriterOptions) {
    if (!Number.isSafeInteger(segmentBytes) || segmentBytes <= 0 || segmentBytes % SECTOR_BYTES !== 0) {
      throw new LatticeError(
        "invalid-argument",
        `a segment is whole sectors of ${SECTOR_BYTES} bytes, not ${segmentBytes}`,
      );
    }
    this.#segmentBytesNew = segmentBytes;
    this.#outline = end.outline;
    this.#spans = end.spans;
    this.#segment = end.segment;
    this.#segmentBytes = end.segmentBytes;
    this.#offset = end.offset;
    this.#previous = end.previous;
    this.#stateBefore = end.outline.state;
    this.#keptMin = this.#stateBefore.last;
  }

  /** Of what was added and not taken. */
  get waitingBytes(): number {
    return this.#waiting.length;
  }

  /** Throws `invalid-argument` or `too-large` for what cannot be written; it is as if it had not been called then. */
  add(write: RaftWrite): void {
    const start = this.#waiting.length;
    try {
      const change = this.#outline.plan(write);
      writeChange(this.#waiting, change);
      if (this.#waiting.length > WRITE_BYTES_MAX)
        throw new LatticeError("too-large", `a write to the log has at most ${WRITE_BYTES_MAX} bytes`);
      const fault = this.#outline.apply(change);
      assert(fault === undefined, `a planned change goes with the log, which cannot have ${fault}`);
      if (change.kept < this.#keptMin) this.#keptMin = change.kept;
    } catch (error) {
      this.#waiting.truncate(start);
      throw error;
    }
  }

  /** All that was added, as one frame; undefined where that is nothing. */
  take(): SegmentWrite | undefined {
    if (this.#waiting.length === 0) return undefined;
    const payload = [this.#waiting.written];
    if (this.#offset + frameBytes(this.#waiting.length) > this.#segmentBytes)
      payload.unshift(this.#beginSegment());
    const place = { segment: this.#segment, offset: this.#offset, previous: this.#previous };
    const { bytes, checksum } = encodeFrame(payload, place);
    this.#offset += bytes.length;
    this.#previous = checksum;
    this.#waiting.clear();
    this.#spans.keep(this.#keptMin);
    this.#stateBefore = this.#outline.state;
    this.#keptMin = this.#stateBefore.last;
    const removable = this.#spans.takeDead(this.#stateBefore.base.index);
    return {
      segment: place.segment,
      segmentBytes: this.#segmentBytes,
      offset: place.offset,
      bytes,
      removable,
    };
  }

  /** Gives what the segment begins with. */
  #beginSegment(): Uint8Array {
    let segmentBytes = this.#segmentBytesNew;
    let start = encodeStart({ segmentBytes, state: this.#stateBefore });
    const needed = frameBytes(start.length + this.#waiting.length);
    if (needed > segmentBytes) {
      // Its length as a number may take more bytes than the one it was measured with.
      segmentBytes = needed + SECTOR_BYTES;
      start = encodeStart({ segmentBytes, state: this.#stateBefore });
    }
    this.#segment += 1;
    this.#segmentBytes = segmentBytes;
    this.#offset = 0;
    this.#spans.begin(this.#segment, this.#stateBefore.last);
    return start;
  }
}

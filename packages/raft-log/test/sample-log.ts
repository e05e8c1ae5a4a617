/** A small log with all that a log can have in it, in segments that are files in memory. */
import {
  afterWrite,
  encodeEntry,
  encodeHardState,
  encodeSnapshotMeta,
  EntryKind,
  logIndex,
  memberId,
  membershipOf,
  term,
  type Entry,
  type Persisted,
  type RaftWrite,
  type SnapshotMeta,
} from "@lattice/raft";
import { LogWriter, recoverLog, type SegmentBytes, type SegmentWrite } from "../src/index.ts";

export const SEGMENT_BYTES = 3072;

export function entry(index: number, inTerm: number, bytes = 20, fill = index): Entry {
  return {
    index: logIndex(index),
    term: term(inTerm),
    kind: EntryKind.DATA,
    data: new Uint8Array(bytes).fill(fill),
    membership: undefined,
  };
}

export function entries(from: number, to: number, inTerm: number, bytes?: number): Entry[] {
  return Array.from({ length: to - from + 1 }, (_, at) => entry(from + at, inTerm, bytes));
}

export function snapshot(index: number, inTerm: number): SnapshotMeta {
  const membership = membershipOf([memberId(1), memberId(2), memberId(300)], [memberId(4)]);
  return { index: logIndex(index), term: term(inTerm), membership, sizeBytes: 1234, checksum: 0xfedcba98 };
}

export function hardState(inTerm: number, vote: number, commit = 0): RaftWrite["hardState"] {
  return { term: term(inTerm), vote: memberId(vote), commit: logIndex(commit) };
}

export function id(index: number, inTerm: number): { index: Entry["index"]; term: Entry["term"] } {
  return { index: logIndex(index), term: term(inTerm) };
}

/** Segments as files in memory. */
export type Files = ReadonlyMap<number, Uint8Array>;

export interface WrittenLog {
  readonly files: Files;
  readonly frames: readonly SegmentWrite[];
  /** `states[n]` is what the first `n` frames leave. */
  readonly states: readonly Persisted[];
}

/** A writer over files in memory. Those that are not needed any more stay, unless they are asked to go. */
export class MemoryLog {
  readonly #files: Map<number, Uint8Array>;
  readonly #writer: LogWriter;
  readonly #removes: boolean;
  readonly frames: SegmentWrite[] = [];
  readonly states: Persisted[];

  constructor(files: Files = new Map(), { removes = false } = {}) {
    this.#files = new Map(files);
    this.#removes = removes;
    const { persisted, end, removable } = recoverLog(segmentsOf(files));
    for (const number of removable) this.#files.delete(number);
    this.#writer = new LogWriter(end, { segmentBytes: SEGMENT_BYTES });
    this.states = [persisted];
  }

  /** As one frame. */
  write(...group: readonly RaftWrite[]): void {
    for (const write of group) this.#writer.add(write);
    const frame = this.#writer.take()!;
    if (frame.offset === 0) this.#files.set(frame.segment, new Uint8Array(frame.segmentBytes));
    this.#files.get(frame.segment)!.set(frame.bytes, frame.offset);
    if (this.#removes) for (const number of frame.removable) this.#files.delete(number);
    this.frames.push(frame);
    this.states.push(group.reduce(afterWrite, this.states.at(-1)!));
  }

  get written(): WrittenLog {
    return { files: new Map(this.#files), frames: this.frames, states: this.states };
  }
}

export function sampleLog(options?: { removes: boolean }): WrittenLog {
  const log = new MemoryLog(new Map(), options);
  log.write({ hardState: hardState(1, 2) });
  log.write({ entries: [{ ...entry(1, 1, 0), kind: EntryKind.NOOP }] });
  log.write(
    { hardState: hardState(1, 2, 1), entries: entries(2, 9, 1) },
    { entries: entries(10, 12, 1, 60) },
    { hardState: hardState(2, 1, 9) },
  );
  // Sectors that are zeros by themselves, or nearly.
  log.write({ entries: [entry(13, 2, 1200, 0), entry(14, 2, 3, 0x80)] });
  // An uncommitted end is replaced, then some of what replaced it.
  log.write({ hardState: hardState(3, 1, 9), entries: entries(11, 13, 3, 100) });
  log.write({ entries: entries(13, 16, 4) });
  log.write({
    entries: [{ ...entry(17, 4, 0), kind: EntryKind.MEMBERSHIP, membership: membershipOf([memberId(1)]) }],
  });
  log.write({ snapshot: snapshot(14, 4), compactTo: id(12, 3) });
  // Longer than a segment.
  log.write({ entries: [entry(18, 4, 3200)] }, { hardState: hardState(4, 3, 17) });
  // A snapshot that the log does not reach.
  log.write({ snapshot: snapshot(40, 5), hardState: hardState(5, 0, 40) });
  log.write({ entries: entries(41, 60, 6, 30) });
  log.write({ snapshot: snapshot(50, 6), compactTo: id(45, 6) });
  log.write({ entries: entries(58, 61, 7, 200) });
  return log.written;
}

export function segmentsOf(files: Files): SegmentBytes[] {
  return [...files].map(([number, bytes]) => ({ number, bytes }));
}

/** Everything of it, so that two are the same where their pictures are. */
export function picture({ hardState: hard, snapshot: meta, base, entries: all }: Persisted): string {
  const parts = [encodeHardState(hard), ...(meta ? [encodeSnapshotMeta(meta)] : []), ...all.map(encodeEntry)];
  return `${base.index} ${base.term} ${parts.map((part) => Buffer.from(part).toString("latin1")).join("|")}`;
}

/** The picture of what is recovered, or the code of the error that recovery throws. */
export function recovered(files: Files): string {
  try {
    return picture(recoverLog(segmentsOf(files)).persisted);
  } catch (error) {
    if (error instanceof Error && "code" in error) return String(error.code);
    throw error;
  }
}

/** The files as they are with these bytes in their place. */
export function withBytes(
  files: Files,
  change: { segment: number; offset: number; bytes: Uint8Array },
): Files {
  const changed = new Uint8Array(files.get(change.segment)!);
  changed.set(change.bytes, change.offset);
  return new Map(files).set(change.segment, changed);
}

/** The files as they were before the write of this frame. */
export function filesBefore({ files, frames }: WrittenLog, frame: number): Files {
  const kept = frames.slice(0, frame);
  const before = new Map<number, Uint8Array>();
  for (const { segment, segmentBytes, offset, bytes } of kept) {
    if (!files.has(segment)) continue;
    if (offset === 0) before.set(segment, new Uint8Array(segmentBytes));
    before.get(segment)!.set(bytes, offset);
  }
  return before;
}

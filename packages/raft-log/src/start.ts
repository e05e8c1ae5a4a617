/** What a segment begins with: all that was known before it but the entries, so that older ones can be deleted. */
import { LatticeError } from "@lattice/model";
import {
  logIndex,
  readEntryId,
  readHardState,
  readSnapshotMeta,
  writeEntryId,
  writeHardState,
  writeSnapshotMeta,
  PackWriter,
  type PackReader,
} from "@lattice/raft";
import { readMaybe, writeMaybe } from "./change.ts";
import type { LogState } from "./outline.ts";

/** Of all that this package writes. Another one is another program's. */
const FORMAT = 1;

export interface SegmentStart {
  /** How long the file is: it is never written to beyond. */
  readonly segmentBytes: number;
  readonly state: LogState;
}

export function encodeStart(start: SegmentStart): Uint8Array {
  const to = new PackWriter();
  writeStart(to, start);
  return to.written;
}

/** `[format, segment bytes, hard state, snapshot | nil, base, last]` */
function writeStart(to: PackWriter, { segmentBytes, state }: SegmentStart): void {
  to.array(6);
  to.uint(FORMAT);
  to.uint(segmentBytes);
  writeHardState(to, state.hardState);
  writeMaybe(to, writeSnapshotMeta, state.snapshot);
  writeEntryId(to, state.base);
  to.uint(state.last);
}

/** Throws `unsupported-schema` for what a newer program wrote. */
export function readStart(from: PackReader): SegmentStart {
  from.array(6);
  const format = from.uint();
  if (format !== FORMAT) {
    throw new LatticeError(
      "unsupported-schema",
      `the log has format ${format}, and this program knows ${FORMAT}`,
    );
  }
  const segmentBytes = from.uint();
  const hardState = readHardState(from);
  const snapshot = readMaybe(from, readSnapshotMeta);
  const base = readEntryId(from);
  return { segmentBytes, state: { hardState, snapshot, base, last: logIndex(from.uint()) } };
}

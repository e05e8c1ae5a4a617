/**
 * What a write does to the log, decided: what a record on the disk says. A `RaftWrite` asks for something; what comes of it
 * depends on the log (does the snapshot's entry match?), of which recovery may not have the beginning any more.
 */
import {
  logIndex,
  readEntry,
  readEntryId,
  readHardState,
  readSnapshotMeta,
  writeEntry,
  writeEntryId,
  writeHardState,
  writeSnapshotMeta,
  type Entry,
  type EntryId,
  type HardState,
  type LogIndex,
  type PackReader,
  type PackWriter,
  type SnapshotMeta,
} from "@lattice/raft";

export interface LogChange {
  readonly hardState: HardState | undefined;
  readonly snapshot: SnapshotMeta | undefined;
  /** Entries above this are gone. */
  readonly kept: LogIndex;
  /** They go on behind that. */
  readonly entries: readonly Entry[];
  /** Then entries up to this are gone. */
  readonly base: EntryId | undefined;
}

/** `[hard state | nil, snapshot | nil, kept, [entries], base | nil]` */
export function writeChange(to: PackWriter, change: LogChange): void {
  to.array(5);
  writeMaybe(to, writeHardState, change.hardState);
  writeMaybe(to, writeSnapshotMeta, change.snapshot);
  to.uint(change.kept);
  to.array(change.entries.length);
  for (const entry of change.entries) writeEntry(to, entry);
  writeMaybe(to, writeEntryId, change.base);
}

export function readChange(from: PackReader): LogChange {
  from.array(5);
  const hardState = readMaybe(from, readHardState);
  const snapshot = readMaybe(from, readSnapshotMeta);
  const kept = logIndex(from.uint());
  const entries: Entry[] = [];
  for (let left = from.array(); left > 0; left--) entries.push(readEntry(from));
  return { hardState, snapshot, kept, entries, base: readMaybe(from, readEntryId) };
}

export function writeMaybe<T>(
  to: PackWriter,
  write: (to: PackWriter, value: T) => void,
  value: T | undefined,
): void {
  if (value === undefined) to.nil();
  else write(to, value);
}

export function readMaybe<T>(from: PackReader, read: (from: PackReader) => T): T | undefined {
  return from.maybeNil() ? undefined : read(from);
}

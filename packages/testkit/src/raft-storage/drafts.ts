/** Entries and what goes with them, for the suite. */
import {
  EntryKind,
  logIndex,
  memberId,
  membershipOf,
  NO_MEMBERS,
  term,
  type Entry,
  type EntryId,
  type HardState,
  type SnapshotMeta,
} from "@lattice/raft";

export function dataEntry(index: number, inTerm: number, data = Uint8Array.of(index, inTerm)): Entry {
  return { index: logIndex(index), term: term(inTerm), kind: EntryKind.DATA, data, membership: undefined };
}

/** Entries from one index up to another. */
export function dataEntries(from: number, to: number, inTerm: number): Entry[] {
  return Array.from({ length: to - from + 1 }, (_, at) => dataEntry(from + at, inTerm));
}

export function noopEntry(index: number, inTerm: number): Entry {
  return { ...dataEntry(index, inTerm, new Uint8Array(0)), kind: EntryKind.NOOP };
}

export function membershipEntry(index: number, inTerm: number): Entry {
  const membership = {
    ...NO_MEMBERS,
    voters: [memberId(1), memberId(70_000)],
    outgoing: [memberId(2)],
    learnersNext: [memberId(2)],
  };
  return { ...noopEntry(index, inTerm), kind: EntryKind.MEMBERSHIP, membership };
}

export function snapshotAt(index: number, inTerm: number): SnapshotMeta {
  const membership = membershipOf([memberId(1), memberId(2)], [memberId(3)]);
  return { ...entryId(index, inTerm), membership, sizeBytes: index * 1000, checksum: 0xffff_ffff - index };
}

export function entryId(index: number, inTerm: number): EntryId {
  return { index: logIndex(index), term: term(inTerm) };
}

export function hardStateOf(inTerm: number, vote: number, commit = 0): HardState {
  return { term: term(inTerm), vote: memberId(vote), commit: logIndex(commit) };
}

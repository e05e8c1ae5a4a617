/**
 * Entries and what goes with them as MessagePack, the same bytes on the disk and on the wire.
 *
 *   entry       [index, term, kind, body]   body: nil of a no-op, bin of data, a membership
 *   membership  [[voters], [outgoing], [learners], [learnersNext]]
 *   snapshot    [index, term, membership, size in bytes, checksum]
 *   hard state  [term, vote, commit]
 *   entry id    [index, term]
 *
 * Invariants
 *  1. Canonical: of every value there is one encoding, the shortest, and what is read is that one or refused. So whoever
 *     has the bytes of an entry may pass them on instead of encoding it again.
 *  2. Whatever the bytes are, a reader gives a value or throws `corrupt`; it takes no more memory than they have.
 *  3. Data is read as a view of the bytes that it stands in, which must not change.
 */
import { EntryKind, type Entry, type EntryId } from "./entry.ts";
import { logIndex, memberId, term, type MemberId } from "./ids.ts";
import type { Membership } from "./membership.ts";
import { corrupt, PackReader, PackWriter, unfit } from "./message-pack.ts";
import type { HardState, SnapshotMeta } from "./storage.ts";

const NO_DATA = new Uint8Array(0);

export function encodeEntry(entry: Entry): Uint8Array {
  return encoded(writeEntry, entry);
}

/** Throws `corrupt`, as all decoders here do. */
export function decodeEntry(bytes: Uint8Array): Entry {
  return decoded(readEntry, bytes);
}

export function encodeMembership(membership: Membership): Uint8Array {
  return encoded(writeMembership, membership);
}

export function decodeMembership(bytes: Uint8Array): Membership {
  return decoded(readMembership, bytes);
}

export function encodeSnapshotMeta(meta: SnapshotMeta): Uint8Array {
  return encoded(writeSnapshotMeta, meta);
}

export function decodeSnapshotMeta(bytes: Uint8Array): SnapshotMeta {
  return decoded(readSnapshotMeta, bytes);
}

export function encodeHardState(state: HardState): Uint8Array {
  return encoded(writeHardState, state);
}

export function decodeHardState(bytes: Uint8Array): HardState {
  return decoded(readHardState, bytes);
}

/** Throws `invalid-argument` for what could not be read again, as all writers here do. */
export function writeEntry(to: PackWriter, entry: Entry): void {
  const { index, kind, data, membership } = entry;
  if (index === 0) throw unfit("an entry's index is greater than 0");
  to.array(4);
  to.uint(index);
  to.uint(entry.term);
  to.uint(kind);
  if (kind !== EntryKind.DATA && data.length > 0)
    throw unfit(`entry ${index} has data but is of kind ${kind}`);
  if ((kind === EntryKind.MEMBERSHIP) !== (membership !== undefined)) {
    throw unfit(`entry ${index} of kind ${kind} has ${membership ? "a" : "no"} membership`);
  }
  if (membership) writeMembership(to, membership);
  else if (kind === EntryKind.DATA) to.bin(data);
  else to.nil();
}

export function readEntry(from: PackReader): Entry {
  from.array(4);
  const index = logIndex(from.uint());
  if (index === 0) throw corrupt("an entry without an index");
  const entryTerm = term(from.uint());
  const kind = from.uint();
  switch (kind) {
    case EntryKind.NOOP:
      from.nil();
      return { index, term: entryTerm, kind, data: NO_DATA, membership: undefined };
    case EntryKind.DATA:
      return { index, term: entryTerm, kind, data: from.bin(), membership: undefined };
    case EntryKind.MEMBERSHIP:
      return { index, term: entryTerm, kind, data: NO_DATA, membership: readMembership(from) };
    default:
      throw corrupt(`an entry of a kind that there is not, ${kind}`);
  }
}

export function writeEntryId(to: PackWriter, id: EntryId): void {
  to.array(2);
  to.uint(id.index);
  to.uint(id.term);
}

export function readEntryId(from: PackReader): EntryId {
  from.array(2);
  return { index: logIndex(from.uint()), term: term(from.uint()) };
}

export function writeMembership(to: PackWriter, membership: Membership): void {
  to.array(4);
  writeMembers(to, membership.voters);
  writeMembers(to, membership.outgoing);
  writeMembers(to, membership.learners);
  writeMembers(to, membership.learnersNext);
}

export function readMembership(from: PackReader): Membership {
  from.array(4);
  return {
    voters: readMembers(from),
    outgoing: readMembers(from),
    learners: readMembers(from),
    learnersNext: readMembers(from),
  };
}

export function writeSnapshotMeta(to: PackWriter, meta: SnapshotMeta): void {
  to.array(5);
  to.uint(meta.index);
  to.uint(meta.term);
  writeMembership(to, meta.membership);
  to.uint(meta.sizeBytes);
  to.uint(meta.checksum);
}

export function readSnapshotMeta(from: PackReader): SnapshotMeta {
  from.array(5);
  return {
    index: logIndex(from.uint()),
    term: term(from.uint()),
    membership: readMembership(from),
    sizeBytes: from.uint(),
    checksum: from.uint(),
  };
}

export function writeHardState(to: PackWriter, state: HardState): void {
  to.array(3);
  to.uint(state.term);
  to.uint(state.vote);
  to.uint(state.commit);
}

export function readHardState(from: PackReader): HardState {
  from.array(3);
  return { term: term(from.uint()), vote: memberId(from.uint()), commit: logIndex(from.uint()) };
}

function writeMembers(to: PackWriter, ids: readonly MemberId[]): void {
  to.array(ids.length);
  let before = 0;
  for (const id of ids) {
    if (id <= before) throw unfit("members stand in ascending order, from 1 on");
    to.uint(id);
    before = id;
  }
}

function readMembers(from: PackReader): MemberId[] {
  const ids: MemberId[] = [];
  for (let left = from.array(), before = 0; left > 0; left--) {
    const id = from.uint();
    if (id <= before) throw corrupt("members that are not in ascending order");
    ids.push(memberId(id));
    before = id;
  }
  return ids;
}

/** For one value at a time: memory costs more than what is written to it. */
const scratch = new PackWriter();

function encoded<T>(write: (to: PackWriter, value: T) => void, value: T): Uint8Array {
  scratch.clear();
  write(scratch, value);
  return new Uint8Array(scratch.written);
}

function decoded<T>(read: (from: PackReader) => T, bytes: Uint8Array): T {
  const from = new PackReader(bytes);
  const value = read(from);
  from.end();
  return value;
}

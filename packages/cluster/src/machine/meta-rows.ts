/** How far the state is: written in the transaction of what it stands for. */
import { utf8 } from "@lattice/model";
import {
  decodeMembership,
  encodeMembership,
  logIndex,
  NO_MEMBERS,
  PackReader,
  PackWriter,
  readEntryId,
  term,
  writeEntryId,
  type EntryId,
  type Membership,
} from "@lattice/raft";
import type { Table, TableReader } from "@lattice/storage";

export const META_TABLE = "meta";

const APPLIED = utf8("applied");
const MEMBERSHIP = utf8("membership");
const NOTHING: EntryId = { index: logIndex(0), term: term(0) };

const writer = new PackWriter();

export function readApplied(meta: TableReader): EntryId {
  const row = meta.get(APPLIED);
  return row === undefined ? NOTHING : readEntryId(new PackReader(row));
}

export function writeApplied(meta: Table, id: EntryId): void {
  writer.clear();
  writeEntryId(writer, id);
  meta.put(APPLIED, writer.written);
}

/** Of the last entry that had one, joint or not. */
export function readMembership(meta: TableReader): Membership {
  const row = meta.get(MEMBERSHIP);
  return row === undefined ? NO_MEMBERS : decodeMembership(row);
}

export function writeMembership(meta: Table, membership: Membership): void {
  meta.put(MEMBERSHIP, encodeMembership(membership));
}

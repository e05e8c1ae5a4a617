/**
 * Names and addresses of members. Who takes part is the log's membership; a row says where somebody is found, and comes before
 * the membership that takes him in. With the membership that he is not in any more it goes.
 *
 * key  the member's id, 8 bytes
 * row  `etcdserverpb.Member`
 */
import { etcdserverpb } from "@lattice/etcd-proto";
import { u64be } from "@lattice/model";
import { isMember, memberId, membersOf, type MemberId, type Membership } from "@lattice/raft";
import type { Table, TableReader } from "@lattice/storage";

export const MEMBERS_TABLE = "members";

/** What is known of a member. */
export interface MemberRow {
  readonly id: MemberId;
  /** It was added to listen only. Who was not becomes a voter by itself, once it has what the others have. */
  readonly isLearner: boolean;
  /** Empty until it has started. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
}

/** What of a row is to be as it says; what is empty stays as it was. */
export function encodeMember({ id, isLearner, name, peerUrls, clientUrls }: MemberRow): Uint8Array {
  const fields = { id: BigInt(id), isLearner, name, peerURLs: [...peerUrls], clientURLs: [...clientUrls] };
  return etcdserverpb.Member.toBinary(etcdserverpb.Member.create(fields));
}

export function decodeMember(bytes: Uint8Array): MemberRow {
  const { id, isLearner, name, peerURLs, clientURLs } = etcdserverpb.Member.fromBinary(bytes);
  return { id: memberId(Number(id)), isLearner, name, peerUrls: peerURLs, clientUrls: clientURLs };
}

export function readMembers(rows: TableReader): MemberRow[] {
  return Array.from(rows.range(), ([, row]) => decodeMember(row));
}

function readMember(rows: TableReader, id: MemberId): MemberRow | undefined {
  const row = rows.get(u64be(id));
  return row && decodeMember(row);
}

export function mergeMember(rows: Table, change: MemberRow): void {
  const before = readMember(rows, change.id);
  const after: MemberRow = {
    id: change.id,
    isLearner: before?.isLearner ?? change.isLearner,
    name: change.name || (before?.name ?? ""),
    peerUrls: change.peerUrls.length > 0 ? change.peerUrls : (before?.peerUrls ?? []),
    clientUrls: change.clientUrls.length > 0 ? change.clientUrls : (before?.clientUrls ?? []),
  };
  // A member that is gone may still say what it is called.
  if (after.peerUrls.length > 0) rows.put(u64be(change.id), encodeMember(after));
}

/**
 * One membership follows another: the rows of those whom it leaves out go. Of somebody who is about to become a member there is a
 * row already, and it stays.
 */
export function keepMembers(rows: Table, before: Membership, after: Membership): void {
  for (const id of membersOf(before)) if (!isMember(after, id)) rows.delete(u64be(id));
}

/** Who listens only. Those who are on their way to be voters count as such for everybody who asks. */
export function isListener(membership: Membership, row: MemberRow): boolean {
  return row.isLearner && membership.learners.includes(row.id);
}

/**
 * What an entry of data holds: requests of members. Whoever takes a request from a client gives it a number; numbers in a row
 * that a member proposes together are a *group*, and an entry is one group after the other. A group is encoded where its requests
 * came in, and these are the bytes of it in the call to the leader, in the log, on the disks and on the wire.
 *
 *   group  [member, session, first number, [request, …]]
 */
import { LatticeError } from "@lattice/model";
import { memberId, NOBODY, PackReader, PackWriter, type MemberId } from "@lattice/raft";

export interface RequestGroup {
  /** Who asked for it, so that whoever waits for the results at that member finds them; `NOBODY` where nobody waits. */
  readonly member: MemberId;
  /** Drawn anew at each start of the member. */
  readonly session: number;
  /** The number of the first request; the others follow. */
  readonly first: number;
  readonly requests: readonly Uint8Array[];
}

const scratch = new PackWriter();

export function encodeGroup({ member, session, first, requests }: RequestGroup): Uint8Array {
  scratch.clear();
  scratch.array(4);
  scratch.uint(member);
  scratch.uint(session);
  scratch.uint(first);
  scratch.array(requests.length);
  for (const request of requests) scratch.bin(request);
  return new Uint8Array(scratch.written);
}

/** All groups of an entry. The requests are views. Throws `corrupt`. */
export function decodeGroups(data: Uint8Array): RequestGroup[] {
  const reader = new PackReader(data);
  const groups: RequestGroup[] = [];
  while (!reader.isAtEnd) groups.push(readGroup(reader));
  return groups;
}

function readGroup(reader: PackReader): RequestGroup {
  reader.array(4);
  const member = memberId(reader.uint());
  const session = reader.uint();
  const first = reader.uint();
  const requests: Uint8Array[] = [];
  for (let left = reader.array(); left > 0; left--) requests.push(reader.bin());
  if (!Number.isSafeInteger(first + requests.length)) {
    throw new LatticeError("corrupt", "requests have numbers below 2^53");
  }
  return { member, session, first, requests };
}

/** An entry of requests that nobody waits for. */
export function encodeRequests(requests: readonly Uint8Array[]): Uint8Array {
  return encodeGroup({ member: NOBODY, session: 0, first: 0, requests });
}

/** As few entries as hold these groups, each within the bound if no group is larger. */
export function packEntries(groups: readonly Uint8Array[], bytesMax: number): Uint8Array[] {
  const entries: Uint8Array[] = [];
  let start = 0;
  let bytes = 0;
  for (const [at, group] of groups.entries()) {
    if (at > start && bytes + group.length > bytesMax) {
      entries.push(joined(groups.slice(start, at), bytes));
      start = at;
      bytes = 0;
    }
    bytes += group.length;
  }
  if (start < groups.length) entries.push(joined(groups.slice(start), bytes));
  return entries;
}

function joined(groups: readonly Uint8Array[], bytes: number): Uint8Array {
  if (groups.length === 1) return groups[0]!;
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const group of groups) {
    all.set(group, at);
    at += group.length;
  }
  return all;
}

/** How a cluster begins: all its first members start from the same two entries, so that it does not matter who leads first. */
import {
  EntryKind,
  logIndex,
  NOBODY,
  term,
  type Entry,
  type Membership,
  type RaftStorage,
} from "@lattice/raft";
import { LatticeError } from "@lattice/model";
import { encodeRequests } from "./request-group.ts";

export interface Bootstrap {
  readonly membership: Membership;
  /** The first that the state machine is given: the same bytes on every member. */
  readonly requests: readonly Uint8Array[];
}

const FIRST_TERM = term(1);

/** Makes a member of a new cluster out of an empty log. Rejects with `already-exists` where the log is not empty. */
export async function bootstrap(log: RaftStorage, { membership, requests }: Bootstrap): Promise<void> {
  const { hardState, snapshot, entries } = log.persisted;
  if (hardState.term > 0 || snapshot !== undefined || entries.length > 0) {
    throw new LatticeError("already-exists", "the log is not empty: this member has been part of a cluster");
  }
  const first: Entry[] = [
    entryAt(1, { kind: EntryKind.MEMBERSHIP, data: new Uint8Array(), membership }),
    entryAt(2, { kind: EntryKind.DATA, data: encodeRequests(requests), membership: undefined }),
  ];
  const commit = logIndex(first.length);
  await log.write({ hardState: { term: FIRST_TERM, vote: NOBODY, commit }, entries: first });
}

function entryAt(index: number, what: Pick<Entry, "kind" | "data" | "membership">): Entry {
  return { index: logIndex(index), term: FIRST_TERM, ...what };
}

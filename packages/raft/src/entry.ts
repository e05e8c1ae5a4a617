import type { LogIndex, Term } from "./ids.ts";
import type { Membership } from "./membership.ts";

/** What an entry is there for; the numbers are those of the disk and the wire. */
export const EntryKind = {
  /** A new leader's first, by which it commits what it inherited (Raft §8). */
  NOOP: 0,
  /** For the state machine. */
  DATA: 1,
  /** Who is a member from this entry on. */
  MEMBERSHIP: 2,
} as const;
export type EntryKind = (typeof EntryKind)[keyof typeof EntryKind];

/** One place of the log. Index and term together name it: two logs that hold an entry with both the same are alike up to there. */
export interface Entry {
  readonly index: LogIndex;
  readonly term: Term;
  readonly kind: EntryKind;
  /** Empty unless it is data. Never changed by anybody. */
  readonly data: Uint8Array;
  /** Of a change of membership: all of it, not the difference. */
  readonly membership: Membership | undefined;
}

/** The name of an entry: where it stands, and in which term it was made. */
export interface EntryId {
  readonly index: LogIndex;
  readonly term: Term;
}

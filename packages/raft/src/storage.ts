/**
 * Where a member keeps what it must not forget: its term, its vote and its log (Raft figure 2, "persistent state").
 *
 * Rules
 *  1. Writes take effect in the order in which they were asked for, each whole or not at all. After a crash the disk holds
 *     everything of those that resolved and some beginning of the others.
 *  2. An entry replaces what was written before at its index and everything above, all at once.
 *  3. After a write that failed nothing is written any more: what came of it is unknown until the disk is read again.
 */
import type { Entry, EntryId } from "./entry.ts";
import type { LogIndex, MemberId, Term } from "./ids.ts";
import type { Membership } from "./membership.ts";

export interface HardState {
  readonly term: Term;
  /** Whom this member gave its vote in that term, or `NOBODY`. */
  readonly vote: MemberId;
  /** A hint: at least this much was committed. Nothing depends on its being up to date. */
  readonly commit: LogIndex;
}

/** The state up to an entry, in the place of the entries. The state itself is kept elsewhere. */
export interface SnapshotMeta extends EntryId {
  readonly membership: Membership;
  readonly sizeBytes: number;
  /** Of its bytes; what it means is up to who takes and restores snapshots. */
  readonly checksum: number;
}

/** What there is of it is done in this order, all of it or nothing: hard state, snapshot, entries, `compactTo`. */
export interface RaftWrite {
  readonly hardState?: HardState;
  /**
   * Without gaps; the first may stand anywhere behind the snapshot, up to the log's end (rule 2). Those up to the base are
   * passed over.
   */
  readonly entries?: readonly Entry[];
  /**
   * The snapshot that stands for the beginning of the log; it is durable. Where the log has an entry of another term
   * there, or ends before it, the log is emptied and goes on behind the snapshot.
   */
  readonly snapshot?: SnapshotMeta;
  /** Of the log in front of the snapshot, what is at this index or below need not be kept. Not above the snapshot. */
  readonly compactTo?: EntryId;
}

export interface Persisted {
  readonly hardState: HardState;
  readonly snapshot: SnapshotMeta | undefined;
  /** The last entry that the log does not hold any more: `entries` go on behind it. At most the snapshot. */
  readonly base: EntryId;
  readonly entries: readonly Entry[];
}

export interface RaftStorage extends AsyncDisposable {
  /** What was there when it was opened, for a member that starts. */
  readonly persisted: Persisted;
  /**
   * Durable once it resolves. Rejects with `disk-full`, `internal` or `closed` (rule 3); with `invalid-argument` or
   * `too-large`, and as if it had not been asked for, where it does not go with the log.
   */
  write(write: RaftWrite): Promise<void>;
  /** Waits for what is under way. May be called twice. */
  close(): Promise<void>;
}

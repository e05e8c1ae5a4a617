/**
 * What a cluster replicates. Everything that changes it comes through the log, in the same order on every member.
 *
 * Rules
 *  1. `apply` is deterministic: the same requests give the same state and the same results everywhere. No clock, no
 *     randomness; times are in the requests.
 *  2. What it applied and how far (index and term) are in one transaction: after a crash it stands at some `applied` that
 *     it once had, at or behind the last `checkpoint` that resolved, and is brought forward from the log.
 *  3. `apply` never waits. What a request asks for that cannot be done is a result, not an exception; an exception ends the member.
 */
import type { EntryId, LogIndex, MemberId, Membership } from "@lattice/raft";

export interface Applied {
  readonly index: LogIndex;
  readonly requests: readonly Uint8Array[];
}

export type Committed =
  | { readonly kind: "requests"; readonly id: EntryId; readonly requests: readonly Uint8Array[] }
  /** A no-op or a membership. Joint memberships come as well as final ones. */
  | { readonly kind: "membership"; readonly id: EntryId; readonly membership: Membership }
  | { readonly kind: "nothing"; readonly id: EntryId };

export interface StateMachine<Result> {
  readonly applied: EntryId;
  /** The results, one for each request, entry by entry; in one transaction. */
  apply(committed: readonly Committed[]): readonly (readonly Result[])[];
  /** Makes everything applied so far durable, and answers how far that is. */
  checkpoint(): Promise<EntryId>;
  /** What stands now, unchanged by what is applied later. Everything of it has been made durable by a `checkpoint` just before. */
  view(): StateView;
  /**
   * Takes the place of the state by that of a view on another member, in two steps so that a crash leaves the old or the new:
   * `stage` keeps the pieces durably beside the state; `adopt` switches to what is staged. A machine that starts with a staged
   * state complete at `id` can adopt it then (`stagedId`).
   */
  stage(id: EntryId, pieces: AsyncIterable<Uint8Array>): Promise<void>;
  readonly stagedId: EntryId | undefined;
  adopt(): Promise<void>;
  close(): Promise<void>;
}

export interface StateView extends AsyncDisposable {
  readonly id: EntryId;
  /** Pieces of at most 256 KiB; the same bytes from every member that stands at the same index. */
  pieces(): AsyncIterable<Uint8Array>;
}

/** Who asked for it, so that whoever waits for the result at that member finds it again. */
export interface RequestId {
  readonly member: MemberId;
  /** Drawn anew at each start. */
  readonly session: number;
  readonly number: number;
}

/**
 * What a cluster replicates. Everything that changes it comes through the log, in the same order on every member.
 *
 * Rules
 *  1. `apply` is deterministic: the same requests give the same state and the same results everywhere. No clock, no
 *     randomness; times are in the requests.
 *  2. What it applied and how far (index and term) are in one transaction: after a crash it stands at some `applied` that
 *     it once had, at or behind the last `checkpoint` that resolved, and is brought forward from the log.
 *  3. `apply` never waits. What a request asks for that cannot be done is a result, not an exception; an exception ends the member.
 *  4. Staging and adopting come one at a time, and not while a `checkpoint` is under way.
 */
import type { EntryId, Membership } from "@lattice/raft";

/** An entry of the log, as the machine sees it. */
export type Committed =
  | { readonly kind: "requests"; readonly id: EntryId; readonly requests: readonly Uint8Array[] }
  /** Joint memberships come as well as final ones. */
  | { readonly kind: "membership"; readonly id: EntryId; readonly membership: Membership }
  /** A new leader's first entry: only `applied` goes on. */
  | { readonly kind: "nothing"; readonly id: EntryId };

export interface StateMachine<Result> {
  /** The last entry that it has seen; 0 in the beginning. */
  readonly applied: EntryId;
  /** The results, one for each request, entry by entry (none of entries that are no requests). All of it in one transaction. */
  apply(committed: readonly Committed[]): readonly (readonly Result[])[];
  /**
   * Makes everything applied so far durable, and answers how far that is. What is applied meanwhile may be part of it or not.
   * Rejects with `disk-full` where there is no room; the machine is as it was then, and may be asked again.
   */
  checkpoint(): Promise<EntryId>;
  /** What stands now, unchanged by what is applied later. Asked for right after a `checkpoint`. */
  view(): StateView;
  /**
   * Takes the place of the state by that of a view on another member, in two steps so that a crash leaves the old or the new:
   * `stage` keeps the pieces durably beside the state; `adopt` switches to what is staged. The pieces are those of the view, one
   * by one. If they end in an error, `stage` keeps nothing and rejects with it. What was staged before is replaced.
   */
  stage(id: EntryId, pieces: AsyncIterable<Uint8Array>): Promise<void>;
  /** What is staged completely, also by an earlier process; undefined where nothing is. */
  readonly stagedId: EntryId | undefined;
  adopt(): Promise<void>;
  /** Forgets what is staged. */
  unstage(): Promise<void>;
  close(): Promise<void>;
}

export interface StateView extends AsyncDisposable {
  readonly id: EntryId;
  /** Pieces of at most 256 KiB; the same bytes from every member that stands at the same index. */
  pieces(): AsyncIterable<Uint8Array>;
}

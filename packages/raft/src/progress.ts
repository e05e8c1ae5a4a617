/**
 * What the leader knows of one follower, and how it goes about it (the names are those of etcd's raft).
 *
 *  probe      it is not known where the logs part: one message at a time
 *  replicate  they are alike up to `match`: entries follow each other without waiting, within a window
 *  snapshot   what it needs next is gone from the log: it gets the state, piece by piece, or waits until there is one to be had
 *
 * Invariant: match < next.
 */
import { type Inflights } from "./inflights.ts";
import { logIndex, maxIndex, NO_INDEX, plus, type LogIndex } from "./ids.ts";
import type { SnapshotMeta } from "./storage.ts";

export interface Outgoing {
  readonly snapshot: SnapshotMeta;
  /** Where the piece begins that is under way. */
  offset: number;
  /** Since when an answer to it is waited for; undefined where it is yet to be sent. */
  sentAtMs: number | undefined;
}

export class Progress {
  match: LogIndex = NO_INDEX;
  next: LogIndex;
  state: "probe" | "replicate" | "snapshot" = "probe";
  /** Probe: something is under way. */
  isPaused = false;
  /** Replicate: ask again where the logs are alike, since something may have been lost. */
  isDoubted = false;
  /** The commit index that it was told last. */
  toldCommit: LogIndex = NO_INDEX;
  /** When it last answered. */
  heardAtMs: number;
  /** The last round that it answered. */
  round = 0;
  /** The snapshot that it is sent; undefined where it waits for one. */
  outgoing: Outgoing | undefined;
  /** It is no member any more, and gets until then what it needs to learn of it. */
  leavesAtMs: number | undefined;
  readonly inflights: Inflights;

  constructor(options: { next: LogIndex; nowMs: number; inflights: Inflights }) {
    this.next = options.next;
    this.heardAtMs = options.nowMs;
    this.inflights = options.inflights;
  }

  becomeProbe(next: LogIndex): void {
    this.state = "probe";
    this.next = maxIndex(next, plus(this.match, 1));
    this.isPaused = false;
    this.outgoing = undefined;
    this.inflights.clear();
  }

  becomeReplicate(): void {
    this.state = "replicate";
    this.next = plus(this.match, 1);
    this.isPaused = false;
    this.isDoubted = false;
    this.outgoing = undefined;
    this.inflights.clear();
  }

  becomeSnapshot(): void {
    this.state = "snapshot";
    this.outgoing = undefined;
    this.inflights.clear();
  }

  /** Snapshot: this is the one. */
  beginSnapshot(snapshot: SnapshotMeta): void {
    this.outgoing = { snapshot, offset: 0, sentAtMs: undefined };
  }

  /** It holds everything up to there. Says whether that is news. */
  accepted(index: LogIndex): boolean {
    this.inflights.freeTo(index);
    if (index <= this.match) return false;
    this.match = index;
    this.next = maxIndex(this.next, plus(index, 1));
    return true;
  }

  /** It refused what was to follow `rejected`; the logs may be alike up to `hint`. Says whether that is news. */
  rejected(rejected: LogIndex, hint: LogIndex): boolean {
    if (this.state === "replicate") {
      if (rejected <= this.match) return false;
      this.becomeProbe(plus(this.match, 1));
      return true;
    }
    if (this.state === "snapshot" || rejected !== this.next - 1) return false;
    this.next = maxIndex(logIndex(Math.min(rejected, hint + 1)), plus(this.match, 1));
    this.isPaused = false;
    return true;
  }

  clone(): Progress {
    const copy = new Progress({ next: this.next, nowMs: this.heardAtMs, inflights: this.inflights.clone() });
    const { match, state, isPaused, isDoubted, toldCommit, round, leavesAtMs } = this;
    const outgoing = this.outgoing && { ...this.outgoing };
    return Object.assign(copy, {
      match,
      state,
      isPaused,
      isDoubted,
      toldCommit,
      round,
      leavesAtMs,
      outgoing,
    });
  }
}

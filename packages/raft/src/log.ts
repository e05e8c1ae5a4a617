/**
 * The log as this member sees it: in memory from the base on, with marks of how much of it is on the disk.
 *
 * Invariants
 *  1. Entries follow the base without a gap; terms never fall.
 *  2. base <= snapshot; what the snapshot covers is committed.
 *  3. stable <= taken <= last: what is durable, what was handed out to be written, what there is.
 *  4. The membership that counts is that of the last entry that has one, committed or not (Raft thesis §4.1); taking the
 *     entry away brings the one before back.
 */
import { assert } from "@lattice/model";
import { EntryKind, type Entry, type EntryId } from "./entry.ts";
import { logIndex, minIndex, NO_INDEX, NO_TERM, plus, type LogIndex, type Term } from "./ids.ts";
import { NO_MEMBERS, type Membership } from "./membership.ts";
import type { Persisted, SnapshotMeta } from "./storage.ts";

export interface EntryBounds {
  readonly countMax: number;
  /** One entry is given in any case. */
  readonly bytesMax: number;
}

interface MembershipAt {
  readonly index: LogIndex;
  readonly membership: Membership;
}

const START: EntryId = { index: NO_INDEX, term: NO_TERM };

export class RaftLog {
  #base: EntryId;
  #entries: Entry[];
  #snapshot: SnapshotMeta | undefined;
  /** In the order of the log; the first is that of the snapshot or of the beginning. */
  #memberships: MembershipAt[];
  #stable: LogIndex;
  #taken: LogIndex;

  constructor(persisted?: Pick<Persisted, "base" | "entries" | "snapshot">) {
    this.#base = persisted?.base ?? START;
    this.#entries = [...(persisted?.entries ?? [])];
    this.#snapshot = persisted?.snapshot;
    this.#stable = this.lastIndex;
    this.#taken = this.lastIndex;
    this.#memberships = [
      {
        index: this.#snapshot?.index ?? this.#base.index,
        membership: this.#snapshot?.membership ?? NO_MEMBERS,
      },
    ];
    for (const entry of this.#entries) this.#noteMembership(entry);
  }

  get base(): EntryId {
    return this.#base;
  }

  get snapshot(): SnapshotMeta | undefined {
    return this.#snapshot;
  }

  get lastIndex(): LogIndex {
    return plus(this.#base.index, this.#entries.length);
  }

  get lastTerm(): Term {
    return this.#entries.at(-1)?.term ?? this.#base.term;
  }

  get stable(): LogIndex {
    return this.#stable;
  }

  get membership(): Membership {
    return this.#memberships.at(-1)!.membership;
  }

  /** Where that membership was written. */
  get membershipIndex(): LogIndex {
    return this.#memberships.at(-1)!.index;
  }

  /** Not before the snapshot. */
  membershipAt(index: LogIndex): Membership {
    const at = this.#memberships.findLast((each) => each.index <= index);
    assert(at !== undefined, "the membership of a snapshot is that of its index");
    return at.membership;
  }

  /** Undefined where the log does not reach: before the base, or behind the last. */
  termAt(index: LogIndex): Term | undefined {
    if (index === this.#base.index) return this.#base.term;
    return this.#entries[index - this.#base.index - 1]?.term;
  }

  at(index: LogIndex): Entry | undefined {
    return this.#entries[index - this.#base.index - 1];
  }

  holds({ index, term }: EntryId): boolean {
    return this.termAt(index) === term;
  }

  /** Whether a log that ends there has everything that may be committed here (Raft §5.4.1). */
  isBehind(last: EntryId): boolean {
    return last.term > this.lastTerm || (last.term === this.lastTerm && last.index >= this.lastIndex);
  }

  /** The last place at or before `index` whose term is at most `term`; the base where there is none behind it. */
  lastWithTermUpTo(index: LogIndex, term: Term): EntryId {
    let at = minIndex(index, this.lastIndex);
    while (at > this.#base.index && this.termAt(at)! > term) at = plus(at, -1);
    return at <= this.#base.index ? this.#base : { index: at, term: this.termAt(at)! };
  }

  append(entry: Entry): void {
    assert(entry.index === this.lastIndex + 1 && entry.term >= this.lastTerm, "log invariant 1");
    this.#entries.push(entry);
    this.#noteMembership(entry);
  }

  /** Takes away what stands at `index` and behind it. */
  truncate(index: LogIndex): void {
    const before = plus(index, -1);
    assert(before >= (this.#snapshot?.index ?? NO_INDEX), "log invariant 2: what a snapshot covers stays");
    this.#entries.length = before - this.#base.index;
    this.#stable = minIndex(this.#stable, before);
    this.#taken = minIndex(this.#taken, before);
    while (this.membershipIndex > before) this.#memberships.pop();
  }

  /** From `from` on, as much as fits. */
  slice(from: LogIndex, to: LogIndex, { countMax, bytesMax }: EntryBounds): Entry[] {
    const start = from - this.#base.index - 1;
    const end = Math.min(to - this.#base.index, start + countMax);
    let bytes = 0;
    let at = start;
    for (; at < end; at++) {
      bytes += this.#entries[at]!.data.length;
      if (bytes > bytesMax && at > start) break;
    }
    return this.#entries.slice(start, at);
  }

  /** What has not been handed out to be written yet. */
  take(): readonly Entry[] {
    if (this.#taken === this.lastIndex) return NOTHING;
    const entries = this.#entries.slice(this.#taken - this.#base.index);
    this.#taken = this.lastIndex;
    return entries;
  }

  /** Everything up to there is on the disk. */
  markStable(index: LogIndex): void {
    assert(index <= this.#taken, "log invariant 3");
    if (index > this.#stable) this.#stable = index;
  }

  /** A snapshot of the state here was taken. What stands at `base` or before it is dropped. */
  compact(snapshot: SnapshotMeta, base: EntryId): void {
    assert(base.index <= snapshot.index && this.holds(snapshot), "log invariant 2");
    this.#snapshot = snapshot;
    const membership = this.membershipAt(snapshot.index);
    this.#memberships = [
      { index: snapshot.index, membership },
      ...this.#memberships.filter(({ index }) => index > snapshot.index),
    ];
    if (base.index <= this.#base.index) return;
    this.#entries.splice(0, base.index - this.#base.index);
    this.#base = base;
  }

  /** Everything gives way to a snapshot that came from elsewhere. It is not on the disk yet. */
  reset(snapshot: SnapshotMeta): void {
    this.#base = { index: snapshot.index, term: snapshot.term };
    this.#entries = [];
    this.#snapshot = snapshot;
    this.#memberships = [{ index: snapshot.index, membership: snapshot.membership }];
    this.#stable = NO_INDEX;
    this.#taken = snapshot.index;
  }

  /** The memberships follow from the rest. */
  describe(): unknown {
    const { base, snapshot, stable } = this;
    return { base, snapshot, entries: this.#entries, stable, taken: this.#taken };
  }

  clone(): RaftLog {
    const copy = new RaftLog();
    copy.#base = this.#base;
    copy.#entries = [...this.#entries];
    copy.#snapshot = this.#snapshot;
    copy.#memberships = [...this.#memberships];
    copy.#stable = this.#stable;
    copy.#taken = this.#taken;
    return copy;
  }

  #noteMembership({ index, kind, membership }: Entry): void {
    if (kind !== EntryKind.MEMBERSHIP || index <= (this.#snapshot?.index ?? logIndex(0))) return;
    this.#memberships.push({ index, membership: membership! });
  }
}

const NOTHING: readonly Entry[] = [];

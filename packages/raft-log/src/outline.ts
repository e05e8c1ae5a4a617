/**
 * What the log holds but for the data of its entries: enough to say what a write does to it (see `RaftWrite`), and what a
 * new segment repeats.
 *
 * Invariants
 *  1. base <= last, and every index in between has a term.
 *  2. base <= snapshot <= last.
 */
import { LatticeError } from "@lattice/model";
import {
  NO_INDEX,
  NO_TERM,
  NOBODY,
  plus,
  type Entry,
  type EntryId,
  type HardState,
  type LogIndex,
  type RaftWrite,
  type SnapshotMeta,
  type Term,
} from "@lattice/raft";
import type { LogChange } from "./change.ts";

export interface LogState {
  readonly hardState: HardState;
  readonly snapshot: SnapshotMeta | undefined;
  readonly base: EntryId;
  readonly last: LogIndex;
}

export const EMPTY_LOG: LogState = {
  hardState: { term: NO_TERM, vote: NOBODY, commit: NO_INDEX },
  snapshot: undefined,
  base: { index: NO_INDEX, term: NO_TERM },
  last: NO_INDEX,
};

/** Entries from an index on have a term, up to where the next run begins. */
interface TermRun {
  readonly first: LogIndex;
  readonly term: Term;
}

export class LogOutline {
  #state: LogState;
  #runs: TermRun[] = [];

  /** Of entries in front of `state.last`, terms are not known. */
  constructor(state: LogState = EMPTY_LOG) {
    this.#state = state;
  }

  get state(): LogState {
    return this.#state;
  }

  /** Throws `invalid-argument` where the write does not go with the log. */
  plan(write: RaftWrite): LogChange {
    const { snapshot, hardState } = write;
    if (snapshot) this.#checkSnapshot(snapshot);
    const emptied = snapshot && !this.#isAt(snapshot) ? snapshot : undefined;
    const base = emptied ? { index: emptied.index, term: emptied.term } : this.#state.base;
    const last = emptied ? emptied.index : this.#state.last;
    const entries = entriesBehind(base.index, write.entries ?? []);
    checkEntries(entries, { after: (snapshot ?? this.#state.snapshot)?.index ?? NO_INDEX, last });
    const kept = entries.length > 0 ? plus(entries[0]!.index, -1) : last;
    const change = { hardState, snapshot, kept, entries, base: emptied && base };
    return write.compactTo ? this.#compacted(change, write.compactTo) : change;
  }

  /** Says what is wrong where the change does not go with the log; nothing is changed then. */
  apply({ hardState, snapshot, kept, entries, base }: LogChange): string | undefined {
    const before = this.#state;
    const last = plus(kept, entries.length);
    const isEmptied = kept === base?.index;
    if (kept < before.base.index || (kept > before.last && !isEmptied))
      return `entries behind ${kept} of ${before.last}`;
    if (entries.some((entry, at) => entry.index !== kept + 1 + at)) return "entries with gaps";
    if (base && (base.index < before.base.index || base.index > last))
      return `a log that begins at ${base.index}`;
    this.#dropTermsAbove(kept);
    for (const { index, term } of entries) this.#noteTerm(index, term);
    if (base) this.#dropTermsBelow(base.index);
    this.#state = {
      hardState: hardState ?? before.hardState,
      snapshot: snapshot ?? before.snapshot,
      base: base ?? before.base,
      last,
    };
    return undefined;
  }

  #checkSnapshot({ index }: SnapshotMeta): void {
    const before = this.#state.snapshot?.index ?? NO_INDEX;
    if (index === NO_INDEX || index < before) throw unfit(`a snapshot at ${index} after one at ${before}`);
  }

  #compacted(change: LogChange, to: EntryId): LogChange {
    const snapshot = change.snapshot ?? this.#state.snapshot;
    if (to.index > (snapshot?.index ?? NO_INDEX))
      throw unfit(`the log cannot begin behind its snapshot, at ${to.index}`);
    if (to.index <= (change.base ?? this.#state.base).index) return change;
    const found = to.index > change.kept ? change.entries[to.index - change.kept - 1] : undefined;
    const term = to.index > change.kept ? found?.term : this.#termAt(to.index);
    if (term !== to.term) throw unfit(`the log has no entry ${to.index} of term ${to.term} to begin at`);
    return { ...change, base: { index: to.index, term: to.term } };
  }

  #isAt({ index, term }: EntryId): boolean {
    const { base, last } = this.#state;
    if (index === base.index) return term === base.term;
    return index > base.index && index <= last && this.#termAt(index) === term;
  }

  #termAt(index: LogIndex): Term | undefined {
    return index > this.#state.last ? undefined : this.#runs.findLast((run) => run.first <= index)?.term;
  }

  #noteTerm(first: LogIndex, term: Term): void {
    if (this.#runs.at(-1)?.term !== term) this.#runs.push({ first, term });
  }

  #dropTermsAbove(kept: LogIndex): void {
    while (this.#runs.length > 0 && this.#runs.at(-1)!.first > kept) this.#runs.pop();
  }

  #dropTermsBelow(base: LogIndex): void {
    const needed = this.#runs.findLastIndex((run) => run.first <= base + 1);
    if (needed > 0) this.#runs.splice(0, needed);
  }
}

/** Those up to the base are in the snapshot, and committed: they are the same. */
function entriesBehind(base: LogIndex, entries: readonly Entry[]): readonly Entry[] {
  const first = entries[0]?.index;
  return first === undefined || first > base ? entries : entries.slice(base - first + 1);
}

/** They stand behind `after`, and at most one behind `last`. */
function checkEntries(entries: readonly Entry[], { after, last }: Record<"after" | "last", LogIndex>): void {
  const first = entries[0]?.index;
  if (first === undefined) return;
  if (first > last + 1) throw unfit(`entry ${first} does not go behind entry ${last}`);
  if (first <= after) throw unfit(`entry ${first} is in the snapshot, and not to be replaced`);
  for (let at = 1; at < entries.length; at++) {
    if (entries[at]!.index !== first + at) throw unfit(`entry ${entries[at]!.index} is out of its place`);
  }
}

function unfit(what: string): LatticeError {
  return new LatticeError("invalid-argument", what);
}

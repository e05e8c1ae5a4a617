/** What the port means, said as plainly as can be: entries by their index, one after the other put and deleted. */
import type { Entry, EntryId, HardState, Persisted, RaftWrite, SnapshotMeta } from "@lattice/raft";

export interface NaiveLog {
  readonly hardState: HardState | undefined;
  readonly snapshot: SnapshotMeta | undefined;
  /** By index; all that is kept. */
  readonly entries: ReadonlyMap<number, Entry>;
  readonly base: { readonly index: number; readonly term: number };
}

export const NAIVE_EMPTY: NaiveLog = {
  hardState: undefined,
  snapshot: undefined,
  entries: new Map(),
  base: { index: 0, term: 0 },
};

export function lastOf({ base, entries }: NaiveLog): number {
  return Math.max(base.index, ...entries.keys());
}

export function termOf({ base, entries }: NaiveLog, index: number): number | undefined {
  return index === base.index ? base.term : entries.get(index)?.term;
}

/** `write` is one that goes with the log. */
export function applyNaively(before: NaiveLog, write: RaftWrite): NaiveLog {
  let log = before;
  if (write.hardState) log = { ...log, hardState: write.hardState };
  if (write.snapshot) log = withSnapshot(log, write.snapshot);
  for (const entry of write.entries ?? []) log = withEntry(log, entry);
  if (write.compactTo && write.compactTo.index > log.base.index) log = withBase(log, write.compactTo);
  return log;
}

function withSnapshot(log: NaiveLog, snapshot: SnapshotMeta): NaiveLog {
  if (termOf(log, snapshot.index) === snapshot.term) return { ...log, snapshot };
  return {
    ...log,
    snapshot,
    entries: new Map(),
    base: { index: snapshot.index, term: snapshot.term },
  };
}

function withEntry(log: NaiveLog, entry: Entry): NaiveLog {
  if (entry.index <= log.base.index) return log;
  const others = [...log.entries].filter(([index]) => index < entry.index);
  return { ...log, entries: new Map([...others, [entry.index, entry]]) };
}

function withBase(log: NaiveLog, { index, term }: EntryId): NaiveLog {
  const kept = [...log.entries].filter(([at]) => at > index);
  return { ...log, base: { index, term }, entries: new Map(kept) };
}

/** As lines that print and compare well. */
export function naiveText({ hardState, snapshot, base, entries }: NaiveLog): string[] {
  return lines({ hardState, snapshot, base, entries: [...entries.values()] });
}

export function persistedText(persisted: Persisted): string[] {
  return lines(persisted);
}

interface Parts {
  readonly hardState: HardState | undefined;
  readonly snapshot: SnapshotMeta | undefined;
  readonly base: { readonly index: number; readonly term: number };
  readonly entries: readonly Entry[];
}

function lines({ hardState, snapshot, base, entries }: Parts): string[] {
  const { term, vote, commit } = hardState ?? { term: 0, vote: 0, commit: 0 };
  return [
    `term ${term}, vote ${vote}, commit ${commit}`,
    snapshot ? `snapshot ${snapshotText(snapshot)}` : "no snapshot",
    `behind ${base.index} of ${base.term}`,
    ...entries.map(entryText),
  ];
}

function snapshotText({ index, term, membership, sizeBytes, checksum }: SnapshotMeta): string {
  return `${index} of ${term}, ${JSON.stringify(membership)}, ${sizeBytes} ${checksum}`;
}

function entryText({ index, term, kind, data, membership }: Entry): string {
  const body = membership ? JSON.stringify(membership) : Buffer.from(data).toString("hex");
  return `entry ${index} of ${term}, kind ${kind}: ${body}`;
}

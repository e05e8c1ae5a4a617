/** What all watchers together have seen, and where one contradicts another or has left something out. */
import type { Gap, SeenEvent, Watcher } from "../load/watcher.ts";

/** What happened at one revision. */
export type Change = readonly SeenEvent[];

export class SeenRevisions {
  /** By revision; of each, from whoever was first to see it. */
  readonly changes = new Map<number, Change>();
  readonly faults: string[] = [];

  constructor(watchers: readonly Watcher[]) {
    const byWatcher = watchers.map((watcher) => ({ watcher, changes: byRevision(watcher.events) }));
    for (const { watcher, changes } of byWatcher) {
      for (const [revision, change] of changes) this.#add(watcher.name, revision, change);
    }
    for (const { watcher, changes } of byWatcher) this.#expectComplete(watcher, changes);
  }

  #add(name: string, revision: number, change: Change): void {
    const known = this.changes.get(revision);
    if (known === undefined) {
      this.changes.set(revision, change);
      return;
    }
    if (inWords(known) !== inWords(change)) {
      this.faults.push(`${name} saw ${inWords(change)} where another saw ${inWords(known)}`);
    }
    if (change[0]!.at < known[0]!.at) this.changes.set(revision, change);
  }

  #expectComplete(
    { name, gaps, progress, fromRevision }: Watcher,
    changes: ReadonlyMap<number, Change>,
  ): void {
    const missing = [...this.changes.keys()].filter((revision) => {
      return (
        revision >= fromRevision && revision <= progress && !changes.has(revision) && !isIn(gaps, revision)
      );
    });
    if (missing.length > 0)
      this.faults.push(`${name} did not see revisions ${missing.slice(0, 10).join(" ")}`);
  }
}

function isIn(gaps: readonly Gap[], revision: number): boolean {
  return gaps.some(({ from, to }) => from <= revision && revision <= to);
}

function byRevision(events: readonly SeenEvent[]): Map<number, Change> {
  return Map.groupBy(events, ({ revision }) => revision);
}

function inWords(change: Change): string {
  return change
    .map(({ type, key, revision, value, createRevision, version }) => {
      return `${revision}: ${type} ${key} ${value} ${createRevision} ${version}`;
    })
    .toSorted()
    .join(", ");
}

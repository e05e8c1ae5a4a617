/**
 * What the answers of a history tell about the revisions at which the writes without an answer can have taken effect. One
 * is admitted only at a revision
 *  1. that no answered write made,
 *  2. that some answer reached: what comes after the last answer is seen by nobody,
 *  3. where, if an answer shows an entry of this revision, it writes that entry,
 *  4. at which no key it writes is known to have been left alone: an answer of revision r that shows an entry of a key last
 *     modified at m says that nobody wrote the key after m, up to r; and if the entry's version is the number of answered
 *     writes of the key since it was created, nobody else wrote it since then.
 * None of this loses an order: to place the write elsewhere would leave an answered operation without a place. Nothing here
 * trusts the answers: where they contradict each other there is no order anyway.
 */
import type { History } from "../history.ts";
import { isSameEntry, type EtcdKeys, type EtcdState } from "./etcd-state.ts";
import { actionsDone, isWritten, keysOf, type EtcdEntry, type EtcdOp, type EtcdResult } from "./operation.ts";
import { countUpTo } from "./sorted.ts";

/** An entry as some answer shows it. */
interface Sight {
  readonly key: string;
  readonly entry: EtcdEntry;
  readonly revision: number;
}

export class KnownRevisions {
  readonly #taken = new Set<number>();
  readonly #sightByRevision = new Map<number, Sight>();
  readonly #putsByKey = new Map<string, number[]>();
  readonly #leftAloneByKey: ReadonlyMap<string, Intervals>;
  #last = 0;

  constructor(history: History<EtcdOp, EtcdResult>) {
    const sights: Sight[] = [];
    for (const { op, result } of history) if (result !== undefined) sights.push(...this.#learn(op, result));
    for (const puts of this.#putsByKey.values()) puts.sort((a, b) => a - b);
    for (const sight of sights) this.#sightByRevision.set(sight.entry.modRevision, sight);
    const byKey = Map.groupBy(sights, ({ key }) => key);
    this.#leftAloneByKey = new Map(
      [...byKey].map(([key, ofKey]) => [key, new Intervals(ofKey.map((sight) => this.#leftAlone(sight)))]),
    );
  }

  /** Rules 1 and 2. */
  isFree(revision: number): boolean {
    return revision <= this.#last && !this.#taken.has(revision);
  }

  /** Rules 3 and 4, of an operation that led from one state to the other, and wrote. */
  allows(
    op: EtcdOp,
    { before, after, keys }: { before: EtcdState; after: EtcdState; keys: EtcdKeys },
  ): boolean {
    const sight = this.#sightByRevision.get(after.revision);
    if (sight !== undefined && !isSameEntry(keys.entry(after, sight.key), sight.entry)) return false;
    return keysOf(op).every((key) => {
      const isWritten = keys.entry(before, key) !== keys.entry(after, key);
      return !isWritten || this.#leftAloneByKey.get(key)?.has(after.revision) !== true;
    });
  }

  #learn(op: EtcdOp, result: EtcdResult): readonly Sight[] {
    const { revision } = result;
    this.#last = Math.max(this.#last, revision);
    if (isWritten(result)) this.#taken.add(revision);
    return actionsDone(op, result).flatMap(({ action: { type, key }, answer }) => {
      if (type === "put") this.#addPut(key, revision);
      return answer.type === "get" && answer.entry !== null ? [{ key, entry: answer.entry, revision }] : [];
    });
  }

  #addPut(key: string, revision: number): void {
    const puts = this.#putsByKey.get(key);
    if (puts === undefined) this.#putsByKey.set(key, [revision]);
    else puts.push(revision);
  }

  #leftAlone({ key, entry, revision }: Sight): Interval {
    const puts = this.#putsByKey.get(key) ?? [];
    const answeredCount = countUpTo(puts, entry.modRevision) - countUpTo(puts, entry.createRevision - 1);
    const from = answeredCount === entry.version ? entry.createRevision : entry.modRevision + 1;
    return { from, to: revision };
  }
}

/** Both ends belong to it; empty where `from` is more than `to`. */
interface Interval {
  readonly from: number;
  readonly to: number;
}

/** A set of whole numbers. */
class Intervals {
  readonly #froms: readonly number[];
  /** The greatest end of the intervals up to each. */
  readonly #tos: readonly number[];

  constructor(intervals: readonly Interval[]) {
    const sorted = intervals.toSorted((a, b) => a.from - b.from);
    let greatest = -Infinity;
    this.#froms = sorted.map(({ from }) => from);
    this.#tos = sorted.map(({ to }) => (greatest = Math.max(greatest, to)));
  }

  has(number: number): boolean {
    const count = countUpTo(this.#froms, number);
    return count > 0 && this.#tos[count - 1]! >= number;
  }
}

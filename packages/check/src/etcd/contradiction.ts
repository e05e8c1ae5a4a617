/**
 * Pairs of answers that cannot both be true, found without a search, in time n log n: whatever became of the writes that
 * were not answered. Finding none proves nothing; it is what spares a search the violations that are common.
 *
 *  1. Two writes of one revision.
 *  2. An answer of an earlier revision to what was called after a later one had been seen.
 *  3. An entry that shows another value than the write of its revision wrote, or than another answer shows.
 *  4. An entry, or an absence, in which an answered write is missing.
 */
import { isOpen, type History } from "../history.ts";
import type { Contradiction } from "../check-history.ts";
import { isSameEntry } from "./etcd-state.ts";
import { actionsDone, isWritten, type EtcdEntry, type EtcdOp, type EtcdResult } from "./operation.ts";
import { countUpTo } from "./sorted.ts";

/** Of operations that returned, for others need not have taken effect. */
interface Answered {
  readonly index: number;
  readonly op: EtcdOp;
  readonly result: EtcdResult;
  readonly calledAt: number;
  readonly returnedAt: number;
}

/** Null for a key that was deleted, or is absent. */
type Value = string | null;

interface Change {
  readonly revision: number;
  readonly value: Value;
  readonly index: number;
}

/** Of one key, by revision. */
interface Changes {
  readonly list: readonly Change[];
  readonly revisions: readonly number[];
}

interface Sight {
  readonly key: string;
  readonly entry: EtcdEntry | null;
  readonly revision: number;
  readonly index: number;
}

export function findContradiction(history: History<EtcdOp, EtcdResult>): Contradiction | undefined {
  const answered = history.flatMap((operation, index): Answered[] => {
    const { op, result, calledAt, returnedAt } = operation;
    if (isOpen(operation)) return [];
    return [{ index, op, result: result!, calledAt, returnedAt: returnedAt! }];
  });
  const writes = answered.filter(({ result }) => isWritten(result));
  return findSharedRevision(writes) ?? findStepBack(answered) ?? new Facts(writes).findFalseSight(answered);
}

function findSharedRevision(writes: readonly Answered[]): Contradiction | undefined {
  const indexByRevision = new Map<number, number>();
  for (const { index, result } of writes) {
    const other = indexByRevision.get(result.revision);
    if (other !== undefined)
      return { operations: [other, index], reason: `both made revision ${result.revision}` };
    indexByRevision.set(result.revision, index);
  }
  return undefined;
}

function findStepBack(answered: readonly Answered[]): Contradiction | undefined {
  const byReturn = answered.toSorted((a, b) => a.returnedAt - b.returnedAt);
  let returnedCount = 0;
  let latest: Answered | undefined;
  for (const one of answered.toSorted((a, b) => a.calledAt - b.calledAt)) {
    for (; byReturn[returnedCount]!.returnedAt < one.calledAt; returnedCount += 1) {
      const returned = byReturn[returnedCount]!;
      if (latest === undefined || placeOf(returned) > placeOf(latest)) latest = returned;
    }
    if (latest !== undefined && placeOf(latest) > placeOf(one)) {
      const [before, after] = [latest.result.revision, one.result.revision];
      const reason = `the second was called after the first had returned revision ${before}, and comes before it at revision ${after}`;
      return { operations: [latest.index, one.index], reason };
    }
  }
  return undefined;
}

/** A write makes its revision, and reads of that revision come after it. */
function placeOf({ result }: Answered): number {
  return 2 * result.revision + (isWritten(result) ? 0 : 1);
}

class Facts {
  readonly #changesByKey: ReadonlyMap<string, Changes>;
  readonly #indexByRevision: ReadonlyMap<number, number>;
  readonly #revisions: readonly number[];

  constructor(writes: readonly Answered[]) {
    const changes = writes.flatMap(changesOf).sort(([, a], [, b]) => a.revision - b.revision);
    this.#changesByKey = new Map(
      [...Map.groupBy(changes, ([key]) => key)].map(([key, ofKey]) => [
        key,
        toChanges(ofKey.map(([, change]) => change)),
      ]),
    );
    this.#indexByRevision = new Map(writes.map(({ index, result }) => [result.revision, index]));
    this.#revisions = [...this.#indexByRevision.keys()].sort((a, b) => a - b);
  }

  findFalseSight(answered: readonly Answered[]): Contradiction | undefined {
    const sightByPlace = new Map<string, Sight>();
    for (const sight of answered.flatMap(sightsOf)) {
      const problem = this.#contradict(sight);
      if (problem !== undefined) return problem;
      if (sight.entry === null) continue;
      const place = `${sight.entry.modRevision} ${sight.key}`;
      const other = sightByPlace.get(place);
      if (other !== undefined && !isSameEntry(other.entry, sight.entry)) {
        const reason = `they show different entries of ${nameOf(sight)} at modRevision ${sight.entry.modRevision}`;
        return { operations: [other.index, sight.index], reason };
      }
      sightByPlace.set(place, sight);
    }
    return undefined;
  }

  #contradict(sight: Sight): Contradiction | undefined {
    return sight.entry === null ? this.#contradictAbsence(sight) : this.#contradictEntry(sight, sight.entry);
  }

  #contradictEntry(sight: Sight, { value, modRevision }: EtcdEntry): Contradiction | undefined {
    const last = this.#lastChange(sight);
    const writer = this.#indexByRevision.get(modRevision);
    const shown = `modRevision ${modRevision} of ${nameOf(sight)} at revision ${sight.revision}`;
    if (modRevision > sight.revision) return { operations: [sight.index], reason: `it shows ${shown}` };
    if (last !== undefined && last.revision > modRevision) {
      const reason = `the first wrote ${nameOf(sight)} at revision ${last.revision}, and the second shows ${shown}`;
      return { operations: [last.index, sight.index], reason };
    }
    if (writer !== undefined && (last?.revision !== modRevision || last.value !== value)) {
      const reason = `the first made revision ${modRevision}, and the second shows as its work ${nameOf(sight)} = ${JSON.stringify(value)}`;
      return { operations: [writer, sight.index], reason };
    }
    return undefined;
  }

  /** A delete without an answer can have come between, if there is a revision for it. */
  #contradictAbsence(sight: Sight): Contradiction | undefined {
    const last = this.#lastChange(sight);
    if (last === undefined || last.value === null) return undefined;
    const takenCount = countUpTo(this.#revisions, sight.revision) - countUpTo(this.#revisions, last.revision);
    if (takenCount < sight.revision - last.revision) return undefined;
    const reason = `the first put ${nameOf(sight)} at revision ${last.revision}, and the second finds nothing at revision ${sight.revision}`;
    return { operations: [last.index, sight.index], reason };
  }

  #lastChange({ key, revision }: Sight): Change | undefined {
    const changes = this.#changesByKey.get(key);
    return changes?.list[countUpTo(changes.revisions, revision) - 1];
  }
}

function toChanges(list: readonly Change[]): Changes {
  return { list, revisions: list.map(({ revision }) => revision) };
}

function changesOf({
  index,
  op,
  result: { revision },
  result,
}: Answered): readonly (readonly [string, Change])[] {
  return actionsDone(op, result).flatMap(({ action, answer }): (readonly [string, Change])[] => {
    if (action.type === "put") return [[action.key, { revision, value: action.value, index }]];
    if (answer.type !== "delete" || answer.deletedCount === 0) return [];
    return [[action.key, { revision, value: null, index }]];
  });
}

/** Not of a txn that writes: it can have read before it wrote. */
function sightsOf({ index, op, result }: Answered): readonly Sight[] {
  if (isWritten(result)) return [];
  return actionsDone(op, result).flatMap(({ action: { key }, answer }) =>
    answer.type === "get" ? [{ key, entry: answer.entry, revision: result.revision, index }] : [],
  );
}

function nameOf({ key }: Sight): string {
  return JSON.stringify(key);
}

/** The log against a twin that is a list and searches it from the beginning whenever it is asked. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  EntryKind,
  logIndex,
  memberId,
  membershipOf,
  NO_MEMBERS,
  plus,
  RaftLog,
  term,
  type Entry,
  type LogIndex,
  type Membership,
} from "@lattice/raft";
import { entriesOf, snapshotOf } from "./harness/alone.ts";

class NaiveLog {
  /** Everything there ever was, also what the snapshot took the place of; undefined where nobody knows. */
  terms: (number | undefined)[] = [0];
  memberships: (Membership | undefined)[] = [NO_MEMBERS];
  baseIndex = 0;
  stable = 0;
  taken = 0;

  get last(): number {
    return this.terms.length - 1;
  }

  append(entry: Entry): void {
    this.terms.push(entry.term);
    this.memberships.push(entry.membership);
  }

  truncate(index: number): void {
    this.terms.length = index;
    this.memberships.length = index;
    this.stable = Math.min(this.stable, index - 1);
    this.taken = Math.min(this.taken, index - 1);
  }

  reset(index: number, its: number, membership: Membership): void {
    this.terms = [...Array.from({ length: index }, () => undefined), its];
    this.memberships = [...Array.from({ length: index }, () => undefined), membership];
    this.baseIndex = index;
    this.stable = 0;
    this.taken = index;
  }

  termAt(index: number): number | undefined {
    return index < this.baseIndex ? undefined : this.terms[index];
  }

  membershipAt(index: number): Membership | undefined {
    return this.memberships.slice(0, index + 1).findLast((each) => each !== undefined);
  }
}

type Step =
  | { readonly do: "append"; readonly termsOn: number; readonly voters: readonly number[] | undefined }
  | { readonly do: "truncate" | "take" | "mark-stable" | "compact" | "reset"; readonly part: number };

const part = fc.integer({ min: 0, max: 10 }).map((tenths) => tenths / 10);
const steps = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("append" as const),
        termsOn: fc.constantFrom(0, 0, 0, 1, 2),
        voters: fc.option(fc.subarray([1, 2, 3, 4], { minLength: 1 }), { nil: undefined, freq: 3 }),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constantFrom("truncate" as const, "take" as const, "mark-stable" as const, "compact" as const),
        part,
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("reset" as const), part }) },
  ),
  { maxLength: 40 },
);

/** A number in the range, at that part of it. */
function within(from: number, to: number, at: number): LogIndex {
  return logIndex(Math.round(from + (to - from) * at));
}

function perform(step: Step, log: RaftLog, naive: NaiveLog): void {
  const snapshotIndex = log.snapshot?.index ?? 0;
  switch (step.do) {
    case "append": {
      const membership = step.voters && membershipOf(step.voters.map(memberId));
      const kind = membership === undefined ? EntryKind.NOOP : EntryKind.MEMBERSHIP;
      const its = term(log.lastTerm + step.termsOn);
      const entry = { index: plus(log.lastIndex, 1), term: its, kind, data: new Uint8Array(), membership };
      log.append(entry);
      naive.append(entry);
      return;
    }
    case "truncate": {
      if (log.lastIndex === snapshotIndex) return;
      const index = within(snapshotIndex + 1, log.lastIndex, step.part);
      log.truncate(index);
      naive.truncate(index);
      return;
    }
    case "take": {
      const taken = log.take();
      expect(taken.map(({ index }) => index)).toEqual(
        Array.from({ length: naive.last - naive.taken }, (_, at) => naive.taken + at + 1),
      );
      naive.taken = naive.last;
      return;
    }
    case "mark-stable": {
      const index = within(0, naive.taken, step.part);
      log.markStable(index);
      naive.stable = Math.max(naive.stable, index);
      return;
    }
    case "compact": {
      // Of what was applied, and so is durable.
      if (naive.stable <= snapshotIndex) return;
      const index = within(snapshotIndex + 1, naive.stable, step.part);
      const base = within(log.base.index, index, 1 - step.part);
      const membership = log.membershipAt(index);
      const snapshot = { index, term: log.termAt(index)!, membership, sizeBytes: 0, checksum: 0 };
      const baseTerm = log.termAt(base)!;
      log.compact(snapshot, { index: base, term: baseTerm });
      naive.baseIndex = base;
      return;
    }
    case "reset": {
      const index = logIndex(log.lastIndex + 1 + Math.round(step.part * 3));
      const membership = membershipOf([memberId(7)]);
      log.reset({ index, term: term(log.lastTerm + 1), membership, sizeBytes: 0, checksum: 0 });
      naive.reset(index, log.lastTerm, membership);
    }
  }
}

it("property: whatever is done to it, it says the same as a list that is searched from the beginning", () => {
  fc.assert(
    fc.property(steps, (all) => {
      let log = new RaftLog();
      const naive = new NaiveLog();
      for (const step of all) {
        perform(step, log, naive);
        // What it was before may be forgotten: its clone is it.
        log = log.clone();
        expect([log.base.index, log.lastIndex, log.stable]).toEqual([
          naive.baseIndex,
          naive.last,
          naive.stable,
        ]);
        expect(log.membership).toEqual(naive.membershipAt(naive.last));
        expect(naive.memberships.findLastIndex((each) => each !== undefined)).toBeLessThanOrEqual(
          Math.max(log.membershipIndex, log.snapshot?.index ?? 0),
        );
        for (let index = 0; index <= naive.last + 1; index++) {
          expect(log.termAt(logIndex(index))).toBe(naive.termAt(index));
          if (index < (log.snapshot?.index ?? 0) || index > naive.last) continue;
          expect(log.membershipAt(logIndex(index))).toEqual(naive.membershipAt(index));
        }
      }
    }),
    { numRuns: 500 },
  );
});

describe("where two logs can be alike", () => {
  const log = logWith("1:1 2:1 3:3 4:3 5:6");

  it.each([
    [5, 6, "5:6"],
    [5, 5, "4:3"],
    [5, 2, "2:1"],
    [4, 9, "4:3"],
    [9, 9, "5:6"],
    [5, 0, "0:0"],
  ])("at or before %d, with term %d at the most, it is %s", (index, its, expected) => {
    const found = log.lastWithTermUpTo(logIndex(index), term(its));
    expect(`${found.index}:${found.term}`).toBe(expected);
  });
});

describe("what is given of it", () => {
  const bounds = { countMax: 10, bytesMax: 1000 };

  it("ends at a number of entries or bytes, with one in any case", () => {
    const log = logWith("1:1 2:1 3:1 4:1");
    const given = (change: Partial<typeof bounds>) =>
      log.slice(logIndex(2), logIndex(4), { ...bounds, ...change }).map(({ index }) => index);
    expect(given({})).toEqual([2, 3, 4]);
    expect(given({ countMax: 2 })).toEqual([2, 3]);
    expect(given({ bytesMax: 6 })).toEqual([2, 3]);
    expect(given({ bytesMax: 1 })).toEqual([2]);
  });
});

describe("its invariants", () => {
  it("nothing is appended out of its place, or with a term that fell", () => {
    const log = logWith("1:2");
    expect(() => log.append(entriesOf("3:2")[0]!)).toThrow("log invariant 1");
    expect(() => log.append(entriesOf("2:1")[0]!)).toThrow("log invariant 1");
  });

  it("a snapshot stands for entries that are there", () => {
    const log = logWith("1:1 2:2");
    const base = { index: logIndex(1), term: term(1) };
    expect(() => log.compact(snapshotOf("2:1"), base)).toThrow("log invariant 2");
    expect(() => log.compact(snapshotOf("1:1"), { index: logIndex(2), term: term(2) })).toThrow(
      "log invariant 2",
    );
  });

  it("nothing is durable that was not handed out to be written", () => {
    const log = logWith("1:1");
    log.append(entriesOf("2:1")[0]!);
    expect(() => log.markStable(logIndex(2))).toThrow("log invariant 3");
  });

  it("the membership of an index that a snapshot covers is not known any more", () => {
    const log = logWith("1:1 2:2 3:2");
    log.compact(snapshotOf("3:2"), { index: logIndex(3), term: term(2) });
    expect(() => log.membershipAt(logIndex(2))).toThrow("the membership of a snapshot");
  });
});

it("a log that starts from a disk takes up the memberships behind its snapshot only", () => {
  const membership = membershipOf([memberId(5)]);
  const log = new RaftLog({
    base: { index: logIndex(0), term: term(0) },
    entries: entriesOf("1:1 2:1 3:1"),
    snapshot: snapshotOf("2:1", membership),
  });
  expect([log.membership, log.stable, log.take()]).toEqual([membership, 3, []]);
});

function logWith(names: string): RaftLog {
  return new RaftLog({
    base: { index: logIndex(0), term: term(0) },
    entries: entriesOf(names),
    snapshot: undefined,
  });
}

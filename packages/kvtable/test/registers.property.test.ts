import { toHex, utf8 } from "@lattice/model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countKeys, isConflicted, readHeads, readRegister, readRegisters, readRow } from "@lattice/kvtable";
import { applyAll, dagOf, everyOrder, liveWrites, orderBy, type DagWrite } from "./dag.ts";

const numbers = fc.array(fc.nat(), { minLength: 30, maxLength: 30 });

describe("registers, whoever wrote and in whichever order it comes", () => {
  it("give byte-equal tables under every causal order of a few writes", () => {
    fc.assert(
      fc.property(dagOf(6), (writes) => {
        const expected = applyAll(writes).dump();
        for (const order of everyOrder(writes)) expect(applyAll(order).dump()).toBe(expected);
      }),
      { numRuns: 150 },
    );
  });

  it("give byte-equal tables under random causal orders of many writes", () => {
    fc.assert(
      fc.property(dagOf(30), numbers, numbers, (writes, one, two) => {
        const [first, second] = [one, two].map((by) => applyAll(orderBy(writes, by)).dump());
        expect(first).toBe(second);
      }),
      { numRuns: 400 },
    );
  });

  it("do not even need causal order", () => {
    const shuffled = dagOf(20).chain((writes) =>
      fc.tuple(fc.constant(writes), fc.shuffledSubarray([...writes], { minLength: writes.length })),
    );
    fc.assert(
      fc.property(shuffled, ([writes, order]) => {
        expect(applyAll(order).dump()).toBe(applyAll(writes).dump());
      }),
      { numRuns: 400 },
    );
  });

  it("hold exactly the writes that no write of the key names, the winner first", () => {
    fc.assert(
      fc.property(dagOf(25), numbers, (writes, by) => {
        const registers = readRegisters(applyAll(orderBy(writes, by)), "r");
        for (const key of ["a", "b"]) {
          const expected = liveWrites(writes, key);
          const heads = readHeads(registers, utf8(key), 1000);
          expect(heads.map((head) => toHex(head.id))).toEqual(expected.map((write) => toHex(write.id)));
          expect(heads.map((head) => head.value)).toEqual(expected.map((write) => write.value));
          expect(isConflicted(readRow(registers, utf8(key)))).toBe(expected.length > 1);
          expect(readRegister(registers, utf8(key)).value).toEqual(expected[0]?.value);
        }
        expect(countKeys(registers)).toBe(["a", "b"].filter((key) => hasValue(writes, key)).length);
      }),
      { numRuns: 400 },
    );
  });

  it("keep a grave for exactly what is owed (2)", () => {
    fc.assert(
      fc.property(dagOf(25), (writes) => {
        const graves = applyAll(writes).table("r-graves");
        const owed = gravesOwed(writes);
        expect(graves.count()).toBe(owed.length);
        const counts = [...graves.range()].map(([, count]) => Buffer.from(count).readUInt32BE());
        expect(counts.sort(ascending)).toEqual(owed.sort(ascending));
      }),
      { numRuns: 300 },
    );
  });

  it("let the winner only ever rise (4)", () => {
    fc.assert(
      fc.property(dagOf(20), numbers, (writes, by) => {
        const order = orderBy(writes, by);
        let before = "";
        for (const length of order.keys()) {
          const registers = readRegisters(applyAll(order.slice(0, length + 1)), "r");
          const row = readRow(registers, utf8("a"));
          const after = row === undefined ? "" : toHex(row.winner.id).slice(0, 16);
          expect(after >= before).toBe(true);
          before = after;
        }
      }),
      { numRuns: 100 },
    );
  });
});

function hasValue(writes: readonly DagWrite[], key: string): boolean {
  return liveWrites(writes, key)[0]?.value !== undefined;
}

function gravesOwed(writes: readonly DagWrite[]): number[] {
  const owed: number[] = [];
  for (const key of ["a", "b"]) {
    const ofKey = writes.filter((write) => write.key === key);
    const counts = new Map<string, number>();
    for (const write of ofKey) {
      for (const id of new Set(write.supersedes.map(toHex))) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    for (const [id, count] of counts) {
      const applied = ofKey.some((write) => toHex(write.id) === id) ? 1 : 0;
      if (count > applied) owed.push(count - applied);
    }
  }
  return owed;
}

function ascending(a: number, b: number): number {
  return a - b;
}

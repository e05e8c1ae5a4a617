import fc from "fast-check";
import { expect, it } from "vitest";
import { logIndex, NO_INDEX, NOBODY, term, type HardState } from "@lattice/raft";
import { PendingWrites } from "../src/pending-writes.ts";

function hardState(its: number): HardState {
  return { term: term(its), vote: NOBODY, commit: NO_INDEX };
}

it("a write that is done says that those before it are", () => {
  const writes = new PendingWrites();
  writes.add(logIndex(3), hardState(2));
  writes.add(logIndex(5), undefined);
  expect(writes.finish(2)).toEqual({ stable: 5, hardState: hardState(2) });
  expect(writes.isEmpty).toBe(true);
});

it("the last of several hard states is the one that is on the disk", () => {
  const writes = new PendingWrites();
  writes.add(logIndex(1), hardState(2));
  writes.add(logIndex(1), hardState(3));
  expect(writes.finish(2).hardState).toEqual(hardState(3));
});

it("what is cut off while a write is under way is not what it wrote", () => {
  const writes = new PendingWrites();
  writes.add(logIndex(5), undefined);
  writes.cutOff(logIndex(3));
  writes.add(logIndex(6), undefined);
  expect(writes.finish(1).stable).toBe(3);
  expect(writes.finish(2).stable).toBe(6);
});

it("a write that was reported done already is done once", () => {
  const writes = new PendingWrites();
  writes.add(logIndex(5), hardState(2));
  writes.finish(1);
  expect(writes.finish(1)).toEqual({ stable: NO_INDEX, hardState: undefined });
});

it("property: nothing counts as durable that a write under way does not have", () => {
  // A disk as a list of the terms of entries, on which every write leaves what the log was when it was asked for.
  const step = fc.oneof(
    fc.record({ do: fc.constant("append" as const), count: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ do: fc.constant("cut" as const), back: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ do: fc.constant("finish" as const), count: fc.integer({ min: 1, max: 2 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let writes = new PendingWrites();
      const asked: string[][] = [];
      let log: string[] = [];
      let done = 0;
      let made = 0;
      const write = (): void => {
        asked.push([...log]);
        writes.add(logIndex(log.length), undefined);
      };
      for (const each of steps) {
        if (each.do === "append") {
          for (let left = each.count; left > 0; left--) log.push(`entry ${made++}`);
          write();
        } else if (each.do === "cut" && log.length > 0) {
          const kept = Math.max(0, log.length - each.back);
          log = [...log.slice(0, kept), `entry ${made++}`];
          writes.cutOff(logIndex(kept));
          write();
        } else if (each.do === "finish" && done < asked.length) {
          done = Math.min(asked.length, done + each.count);
          const { stable } = writes.finish(done);
          const onDisk = asked[done - 1]!;
          expect(onDisk.slice(0, stable)).toEqual(log.slice(0, stable));
          if (done === asked.length) expect(stable).toBe(log.length);
        }
        writes = writes.clone();
        expect(writes.isEmpty).toBe(done === asked.length);
      }
    }),
  );
});

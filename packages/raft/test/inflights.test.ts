import fc from "fast-check";
import { expect, it } from "vitest";
import { logIndex } from "@lattice/raft";
import { Inflights } from "../src/inflights.ts";

it("is full with as many messages as it may hold, or as many bytes", () => {
  const byCount = new Inflights({ countMax: 2, bytesMax: 100 });
  byCount.add(logIndex(1), 1);
  expect(byCount.isFull).toBe(false);
  byCount.add(logIndex(2), 1);
  expect(byCount.isFull).toBe(true);
  const byBytes = new Inflights({ countMax: 10, bytesMax: 100 });
  byBytes.add(logIndex(1), 100);
  expect(byBytes.isFull).toBe(true);
});

it("one answer frees everything that was sent up to there", () => {
  const window = new Inflights({ countMax: 3, bytesMax: 100 });
  for (const index of [2, 4, 6]) window.add(logIndex(index), 1);
  window.freeTo(logIndex(5));
  expect(window.count).toBe(1);
  window.freeTo(logIndex(1));
  expect(window.count).toBe(1);
});

it("property: it holds what was sent and not answered, as a list would", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("add" as const), bytes: fc.nat(50) }),
    fc.record({ do: fc.constant("free" as const), back: fc.nat(6) }),
    fc.record({ do: fc.constant("clear" as const) }),
  );
  const bounds = { countMax: 4, bytesMax: 100 };
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let window = new Inflights(bounds);
      let list: { index: number; bytes: number }[] = [];
      let last = 0;
      for (const each of steps) {
        if (each.do === "add") {
          last += 1;
          window.add(logIndex(last), each.bytes);
          list.push({ index: last, bytes: each.bytes });
        } else if (each.do === "free") {
          window.freeTo(logIndex(last - each.back));
          list = list.filter(({ index }) => index > last - each.back);
        } else {
          window.clear();
          list = [];
        }
        const bytes = list.reduce((sum, sent) => sum + sent.bytes, 0);
        expect(window.count).toBe(list.length);
        expect(window.isFull).toBe(list.length >= bounds.countMax || bytes >= bounds.bytesMax);
        window = window.clone();
      }
    }),
  );
});

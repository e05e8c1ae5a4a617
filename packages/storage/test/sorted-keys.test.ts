import fc from "fast-check";
import { expect, it } from "vitest";
import { SortedMap } from "../src/sorted-map.ts";

const EVERYTHING = {
  lower: undefined,
  lowerIncluded: true,
  upper: undefined,
  upperIncluded: true,
  reverse: false,
};

/** So many that there are chunks, some of which are split, and some of which become empty. */
it("keeps thousands in order, a few changes at a time", () => {
  const property = fc.property(fc.infiniteStream(fc.nat(9_999)), fc.boolean(), (stream, isAscending) => {
    const map = new SortedMap<number>();
    const naive = new Set<string>();
    const numbers = stream[Symbol.iterator]();
    const next = (): number => numbers.next().value!;
    for (let round = 0; round < 150; round++) {
      const isShrinking = round > 90;
      for (let count = 0; count < 40; count++) {
        const value = isAscending && !isShrinking ? round * 40 + count : next();
        const key = String(value).padStart(4, "0");
        if (isShrinking) {
          const [[doomed] = [key]] = map.range({ ...EVERYTHING, lower: key });
          map.delete(doomed);
          naive.delete(doomed);
        } else {
          map.set(key, value);
          naive.add(key);
        }
      }
      const [lower, upper] = [String(next()).padStart(4, "0"), String(next()).padStart(4, "0")];
      const inside = [...naive].filter((key) => key > lower && key <= upper).sort();
      const bounds = { lower, lowerIncluded: false, upper, upperIncluded: true, reverse: round % 2 === 1 };
      const found = [...map.range(bounds)].map(([key]) => key);
      expect(found).toEqual(bounds.reverse ? inside.reverse() : inside);
    }
    expect([...map.entries()].map(([key]) => key)).toEqual([...naive].sort());
  });
  fc.assert(property, { numRuns: 20 });
});

import fc from "fast-check";
import { expect, it } from "vitest";
import type { KeyBounds } from "../src/key-bounds.ts";
import { SortedMap } from "../src/sorted-map.ts";

/** Few keys, so that they are set and deleted again and again; many changes at once now and then. */
const key = fc.nat(60).map((value) => String.fromCharCode(value * 4));
const change = fc.record({ key, value: fc.option(fc.nat(), { nil: undefined }) });
const rounds = fc.array(fc.array(change, { maxLength: 80, size: "max" }), { maxLength: 6 });
const bounds = fc.record({
  lower: fc.option(key, { nil: undefined }),
  lowerIncluded: fc.boolean(),
  upper: fc.option(key, { nil: undefined }),
  upperIncluded: fc.boolean(),
  reverse: fc.boolean(),
});

it("is a map that is sorted when it is asked for a range", () => {
  fc.assert(
    fc.property(rounds, bounds, (changes, range) => {
      const fast = new SortedMap<number>();
      const naive = new Map<string, number>();
      for (const round of changes) {
        for (const { key, value } of round) {
          fast.restore(key, value);
          if (value === undefined) naive.delete(key);
          else naive.set(key, value);
        }
        const sorted = [...naive].sort(([a], [b]) => (a < b ? -1 : 1));
        expect([...fast.entries()]).toEqual(sorted);
        expect(fast.size).toBe(naive.size);
        const inside = sorted.filter(([key]) => isInside(key, range));
        expect([...fast.range(range)]).toEqual(range.reverse ? inside.reverse() : inside);
      }
    }),
    { numRuns: 300 },
  );
});

function isInside(key: string, range: KeyBounds): boolean {
  const { lower, upper } = range;
  if (lower !== undefined && (range.lowerIncluded ? key < lower : key <= lower)) return false;
  return upper === undefined || (range.upperIncluded ? key <= upper : key < upper);
}

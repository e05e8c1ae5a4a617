import fc from "fast-check";
import { expect, test } from "vitest";
import { RangeIndex, type KeyRange } from "../../src/watch/range-index.ts";
import { isIn } from "./watch-world.ts";

const key = fc.uint8Array({ minLength: 0, maxLength: 2, max: 3 });
const range: fc.Arbitrary<KeyRange> = fc.record({ key, end: fc.option(key, { nil: undefined }) });

test("a key is found in all ranges that it lies in, and in no other, whatever was added and taken away", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("add" as const), range }),
    fc.record({ kind: fc.constant("delete" as const), at: fc.nat() }),
    fc.record({ kind: fc.constant("find" as const), key }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const index = new RangeIndex<KeyRange>();
      const there: KeyRange[] = [];
      for (const each of steps) {
        if (each.kind === "add") {
          index.add(each.range, each.range);
          there.push(each.range);
        } else if (each.kind === "delete") {
          const [gone] = there.splice(each.at % Math.max(1, there.length), 1);
          if (gone !== undefined) index.delete(gone, gone);
        } else {
          const found: KeyRange[] = [];
          index.forEachAt(each.key, (one) => found.push(one));
          expect(new Set(found)).toEqual(new Set(there.filter((one) => isIn(one, each.key))));
          expect(new Set(found).size).toBe(found.length);
        }
      }
      expect(new Set(index)).toEqual(new Set(there));
      expect(index.isEmpty).toBe(there.length === 0);
    }),
  );
});

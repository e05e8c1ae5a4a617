import fc from "fast-check";
import { expect, test } from "vitest";
import { pageOf } from "../src/services/list-page.ts";

const keyOf = (item: number): Uint8Array => new Uint8Array([item >> 8, item & 255]);

test("property: pages of any length are the list, in its order", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(0xffff)), fc.nat(10), (items, limit) => {
      const told: number[] = [];
      let cursor: Uint8Array = new Uint8Array(0);
      do {
        const page = pageOf(items, keyOf, { limit, cursor });
        if (limit > 0) expect(page.items.length).toBeLessThanOrEqual(limit);
        told.push(...page.items);
        cursor = page.next;
      } while (cursor.length > 0);
      expect(told).toEqual(items);
    }),
  );
});

test("a place that is gone cannot be gone on from", () => {
  expect(() => pageOf([1, 2, 3], keyOf, { limit: 1, cursor: keyOf(9) })).toThrow("begin anew");
});

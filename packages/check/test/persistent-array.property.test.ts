import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PersistentArray } from "../src/etcd/persistent-array.ts";

describe("a persistent array", () => {
  it("is an array of which every version stays", () => {
    const length = fc.constantFrom(1, 32, 33, 1024, 1025, 40_000);
    const writes = fc.array(fc.tuple(fc.nat(), fc.option(fc.nat(), { nil: undefined })), { maxLength: 30 });
    fc.assert(
      fc.property(length, writes, (size, list) => {
        const versions = [
          { array: PersistentArray.empty<number>(size), naive: new Map<number, number | undefined>() },
        ];
        for (const [number, value] of list) {
          const { array, naive } = versions.at(-1)!;
          const index = number % size;
          versions.push({ array: array.with(index, value), naive: new Map(naive).set(index, value) });
        }
        const indexes = [0, size - 1, ...list.map(([number]) => number % size)];
        for (const { array, naive } of versions) {
          for (const index of indexes) expect(array.get(index)).toBe(naive.get(index));
        }
      }),
    );
  });
});

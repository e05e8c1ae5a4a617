import { utf8 } from "@lattice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { MemoryStorage } from "@lattice/storage";
import type { StateRange, StateReader } from "@lattice/store";
import { Overlay } from "../../src/store/overlay.ts";

const key = fc.constantFrom("a", "ab", "b", "ba", "c", "d");
const write = fc.record({ key, value: fc.option(fc.string({ maxLength: 3 }), { nil: undefined }) });
const ops = fc.array(fc.array(write, { maxLength: 4 }), { maxLength: 6 });
const bound = fc.option(fc.constantFrom("a", "ab", "b", "c", "z"), { nil: undefined });
const range = fc.record({
  lower: bound,
  upper: bound,
  excludes: fc.boolean(),
  reverse: fc.boolean(),
  limit: fc.option(fc.nat(4), { nil: undefined }),
});

type Writes = readonly { readonly key: string; readonly value: string | undefined }[];

function apply(state: MemoryStorage, writes: Writes): void {
  state.transaction((table) => {
    for (const each of writes) {
      if (each.value === undefined) table("t").delete(utf8(each.key));
      else table("t").put(utf8(each.key), utf8(each.value));
    }
  });
}

function rowsIn(reader: StateReader, within: StateRange): string[] {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
  return Array.from(reader.table("t").range(within), ([k, v]) => `${text(k)}=${text(v)}`);
}

test("shows what there will be, in every range, as ops come and are applied", () => {
  fc.assert(
    fc.property(ops, fc.nat(6), range, (all, settled, { lower, upper, excludes, reverse, limit }) => {
      const base = new MemoryStorage({ tables: ["t"] });
      const expected = new MemoryStorage({ tables: ["t"] });
      const overlay = new Overlay(base);
      for (const [at, writes] of all.entries()) {
        const { tx } = overlay.write(at + 1);
        for (const each of writes) {
          if (each.value === undefined) tx.table("t").delete(utf8(each.key));
          else tx.table("t").put(utf8(each.key), utf8(each.value));
        }
        apply(expected, writes);
      }
      for (const [at, writes] of all.slice(0, settled).entries()) {
        apply(base, writes);
        overlay.settle(at + 1);
      }
      const within: StateRange = {
        ...(lower !== undefined && (excludes ? { gt: utf8(lower) } : { gte: utf8(lower) })),
        ...(upper !== undefined && (excludes ? { lt: utf8(upper) } : { lte: utf8(upper) })),
        reverse,
        ...(limit !== undefined && { limit }),
      };
      expect(rowsIn(overlay, within)).toEqual(rowsIn(expected, within));
      expect(overlay.table("t").count()).toBe(expected.table("t").count());
      for (const each of ["a", "ab", "c"]) {
        expect(overlay.table("t").get(utf8(each))).toEqual(expected.table("t").get(utf8(each)));
      }
    }),
  );
});

test("takes back what an op that is refused has written, and nothing else", () => {
  const base = new MemoryStorage({ tables: ["t"] });
  apply(base, [{ key: "a", value: "1" }]);
  const overlay = new Overlay(base);
  overlay.write(1).tx.table("t").put(utf8("b"), utf8("2"));
  const second = overlay.write(2);
  second.tx.table("t").put(utf8("b"), utf8("3"));
  second.tx.table("t").delete(utf8("a"));
  second.takeBack();
  expect(rowsIn(overlay, {})).toEqual(["a=1", "b=2"]);
});

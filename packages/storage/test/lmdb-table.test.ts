/** Keys longer than LMDB takes, next to a storage in memory; and nothing of them left when they are gone. */
import { join } from "node:path";
import fc from "fast-check";
import { open } from "lmdb";
import { expect, it } from "vitest";
import { bytesKey } from "@lattice/model";
import { MemoryStorage, type Range } from "../src/index.ts";
import { LmdbFile } from "../src/lmdb/lmdb-file.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** Around each cut, and with much in common. */
const longKey = fc
  .record({
    length: fc.constantFrom(1, 1_899, 1_900, 1_901, 3_799, 3_800, 3_801, 4_198),
    fill: fc.constantFrom(0x00, 0xff),
    tail: fc.array(fc.constantFrom(0x00, 0x01, 0xff), { maxLength: 2 }),
  })
  .map(({ length, fill, tail }) => Uint8Array.from([...new Array<number>(length).fill(fill), ...tail]));

const rounds = fc.array(fc.array(fc.record({ key: longKey, isDeleted: fc.boolean() }), { maxLength: 12 }), {
  minLength: 1,
  maxLength: 4,
});

const anyRange: fc.Arbitrary<Range> = fc.oneof(
  fc.record({ gte: longKey, lt: longKey, reverse: fc.boolean() }, { requiredKeys: [] }),
  fc.record({ gt: longKey, lte: longKey, reverse: fc.boolean() }, { requiredKeys: [] }),
);

it(
  "orders long keys, counts them, and leaves nothing of those that are removed",
  { timeout: 120_000 },
  async () => {
    const directory = temporaryDirectory();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(rounds, fc.array(anyRange, { maxLength: 8 }), async (changes, ranges) => {
        const path = join(directory, `${run++}.db`);
        const file = LmdbFile.open({ path, tables: ["a", "b"], sync: false });
        const tables = ["a", "b"].map((name) => file.tables.get(name)!);
        const memory = new MemoryStorage({ tables: ["a"] });
        for (const round of changes) {
          file.write(1, () => {
            for (const { key, isDeleted } of round) {
              for (const table of tables) {
                if (isDeleted) table.remove(key);
                else table.put(key, key.subarray(0, 3));
              }
            }
          });
          memory.transaction((table) => {
            for (const { key, isDeleted } of round) {
              if (isDeleted) table("a").delete(key);
              else table("a").put(key, key.subarray(0, 3));
            }
          });
          const expected = memory.table("a");
          const keys = [...expected.range()].map(([key]) => key);
          for (const table of tables) {
            expect(table.count()).toBe(keys.length);
            for (const range of [...ranges, ...rangesAt(keys)]) {
              const found = [...table.range(range)].map(({ key, value }) => rowText(key, value));
              expect(found).toEqual([...expected.range(range)].map(([key, value]) => rowText(key, value)));
            }
          }
        }
        file.write(2, () => {
          for (const [key] of memory.table("a").range()) for (const table of tables) table.remove(key);
        });
        expect(tables.map((table) => [table.count(), table.longCount])).toEqual([
          [0, 0],
          [0, 0],
        ]);
        await file.close();
        expect(entryCounts(path)).toEqual([0, 0, 0]);
      }),
      { numRuns: 60 },
    );
  },
);

it("counts nothing that a write which failed had put", async () => {
  const file = LmdbFile.open({ path: join(temporaryDirectory(), "log.db"), tables: ["a"], sync: false });
  const table = file.tables.get("a")!;
  const failing = (): void =>
    file.write(1, () => {
      for (const length of [10, 3_000, 4_000]) table.put(new Uint8Array(length), new Uint8Array(1));
      throw new RangeError("on purpose");
    });
  expect(failing).toThrow("on purpose");
  expect([table.count(), file.generation, [...table.range({})]]).toEqual([0, 0, []]);
  await file.close();
});

function rowText(key: Uint8Array, value: Uint8Array): string {
  return `${bytesKey(key)}=${bytesKey(value)}`;
}

/** With a bound at each of the keys, in both directions. */
function rangesAt(keys: readonly Uint8Array[]): Range[] {
  const ranges: Range[] = [
    {},
    ...keys.flatMap((key) => [{ gte: key }, { gt: key }, { lte: key }, { lt: key }]),
  ];
  return ranges.flatMap((range) => [range, { ...range, reverse: true }]);
}

function entryCounts(path: string): number[] {
  const root = open({ path, noSubdir: true, overlappingSync: false, maxDbs: 4 });
  try {
    return ["a", "b", "@continued"].map((name) => {
      return (root.openDB({ name, keyEncoding: "binary" }).getStats() as { entryCount: number }).entryCount;
    });
  } finally {
    void root.close();
  }
}

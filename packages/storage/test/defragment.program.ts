/**
 * Writes and removes rows at random, and puts a copy in the place of the file again and again. Whether all rows are there is
 * checked at the end. With copies that LMDB itself had made the process ended at some later write.
 */
import { deepStrictEqual as same } from "node:assert";
import { u64be } from "@lattice/model";
import { LmdbFile } from "../src/lmdb/lmdb-file.ts";

const [path, seed] = process.argv.slice(2) as [string, string];
const ROUNDS = 20;
const WRITES_PER_ROUND = 40;

let state = Number(seed);
function below(end: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * end);
}

const tables = ["t", "u"] as const;
const file = LmdbFile.open({ path, tables, sync: false });
const expected = { t: new Map<number, number>(), u: new Map<number, number>() };

function write(): void {
  const count = 1 + below(100);
  for (let at = 0; at < count; at++) {
    const number = below(3_000);
    const name = below(2) === 1 ? "t" : "u";
    const table = file.tables.get(name)!;
    if (below(4) === 0) {
      table.remove(u64be(number));
      expected[name].delete(number);
    } else {
      const bytes = below(10) === 0 ? 60_000 : below(2_000);
      table.put(u64be(number), new Uint8Array(bytes).fill(at));
      expected[name].set(number, bytes);
    }
  }
}

for (let round = 0; round < ROUNDS; round++) {
  for (let at = 0; at < WRITES_PER_ROUND; at++) file.write(round, write);
  file.copyTo(`${path}.copy`);
  same(file.replaceBy(`${path}.copy`), true);
}
for (const name of tables) {
  const rows = [...file.tables.get(name)!.range({})].map(({ key, value }) => [key, value.length]);
  same(
    rows,
    [...expected[name]].toSorted(([a], [b]) => a - b).map(([number, bytes]) => [u64be(number), bytes]),
  );
}
await file.close();

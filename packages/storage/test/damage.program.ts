/**
 * Wipes the pages of one row in a database, reads it and writes what comes of it. In a process of its own,
 * since LMDB ends the process where it meets such a page in a range.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { LatticeError, u64be } from "@lattice/model";
import { openLmdbStorage } from "../src/index.ts";

const path = process.argv[2]!;
const PAGE_BYTES = 4096;
/** A value is so many times the number of its row. */
const NUMBER = 0x63;

const bytes = readFileSync(path);
for (let at = 0; at < bytes.length; at += PAGE_BYTES) {
  // The number of the page, and that it is a leaf.
  if (bytes.subarray(at, at + PAGE_BYTES).includes(Buffer.alloc(150, NUMBER))) bytes.fill(0, at, at + 20);
}
writeFileSync(path, bytes);

const storage = openLmdbStorage({ path, tables: ["t"], durability: "journal" });
const table = storage.table("t");
for (const read of [() => table.get(u64be(NUMBER)), () => table.has(u64be(NUMBER))]) {
  try {
    read();
    console.log("nothing wrong");
  } catch (error) {
    console.log(error instanceof LatticeError ? `${error.code} ${error.message}` : String(error));
  }
}
console.log(
  `others: ${table.get(u64be(0))?.length} ${[...table.range({ gte: u64be(1_000), limit: 10 })].length}`,
);

storage.transaction((open) => open("t").put(u64be(NUMBER), new Uint8Array(1_000_000)));
await storage.flush().catch((error: LatticeError) => console.log(`flush: ${error.code}`));
console.log(`others: ${table.get(u64be(0))?.length}`);
await storage.close();

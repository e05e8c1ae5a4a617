/**
 * Wipes the pages of rows in a database, reads all that is left and writes what comes of it. In a process
 * of its own, since what LMDB makes of damage is not certain.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { LatticeError, u64be } from "@lattice/model";
import { openLmdbStorage } from "../src/index.ts";

const path = process.argv[2]!;
const bytes = readFileSync(path);
for (let page = 2; page < bytes.length / 4096; page++) {
  const at = page * 4096;
  const holdsRows = bytes.subarray(at, at + 4096).includes(Buffer.alloc(150, 0x63));
  // The number of the page, and that it is a leaf.
  if (holdsRows) bytes.fill(0, at, at + 16);
}
writeFileSync(path, bytes);
const storage = openLmdbStorage({ path, tables: ["t"], durability: "journal" });
for (const read of [
  () => storage.table("t").get(u64be(0x63)),
  () => storage.table("t").has(u64be(0x63)),
  () => storage.table("t").range({ gte: u64be(0x50) })[Symbol.iterator]().next() && [...storage.table("t").range()],
]) {
  try {
    read();
  } catch (error) {
    console.log(error instanceof LatticeError ? `${error.code} ${error.message}` : String(error));
  }
}
await storage.close();

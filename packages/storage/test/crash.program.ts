/**
 * Writes numbered transactions until it is killed and says which of them are durable. Every transaction
 * writes its number to all tables, some of them much more, so that flushes, merges and large transactions
 * are all under way when the end comes.
 */
import { writeSync } from "node:fs";
import { u64be, utf8 } from "@lattice/model";
import { openLmdbStorage } from "../src/index.ts";
import { CRASH_TABLES, LAST, numberAt } from "./crash-tables.ts";

const storage = openLmdbStorage({
  path: process.argv[2]!,
  tables: CRASH_TABLES,
  durability: "journal",
  overlayBytesMax: 20_000,
  frameBytesMax: 10_000,
});

let next = numberAt(storage.table(CRASH_TABLES[0]!)) + 1;

async function writeForEver(): Promise<never> {
  for (;;) {
    const number = next++;
    storage.transaction((table) => {
      for (const name of CRASH_TABLES) {
        table(name).put(LAST, u64be(number));
        table(name).put(u64be(number), utf8("x".repeat(number % 17 === 0 ? 4_000 : 40)));
        table(name).delete(u64be(number - 20));
      }
    });
    await storage.flush();
    writeSync(1, `${number}\n`);
  }
}

await Promise.all([writeForEver(), writeForEver(), writeForEver()]);

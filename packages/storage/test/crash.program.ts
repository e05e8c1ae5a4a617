/**
 * Writes numbered transactions until it is killed and says which of them are durable. Every transaction
 * writes its number to all tables, some of them much more, so that flushes, merges and large transactions
 * are all under way when the end comes. With checkpoints, they are: and views, at which nothing may change.
 */
import { deepStrictEqual as same, ok } from "node:assert";
import { writeSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { u64be } from "@lattice/model";
import { openLmdbStorage, type Storage } from "../src/index.ts";
import { bytesOf, CRASH_TABLES, KEPT, LAST, numberAt } from "./crash-tables.ts";

const [path, durability] = process.argv.slice(2) as [string, "journal" | "checkpoint"];

if (durability === "journal") {
  const storage = openLmdbStorage({
    path,
    tables: CRASH_TABLES,
    durability,
    overlayBytesMax: 20_000,
    frameBytesMax: 10_000,
  });
  const writer = async (): Promise<never> => {
    for (;;) {
      const number = write(storage);
      await storage.flush();
      writeSync(1, `${number}\n`);
    }
  };
  await Promise.all([writer(), writer(), writer()]);
} else {
  const storage = openLmdbStorage({ path, tables: CRASH_TABLES, durability });
  const writer = async (): Promise<never> => {
    for (;;) {
      for (let count = 0; count < 20; count++) write(storage);
      await setImmediate();
    }
  };
  const keeper = async (): Promise<never> => {
    for (;;) {
      const written = numberAt(storage.table(CRASH_TABLES[0]!));
      await storage.checkpoint();
      writeSync(1, `${written}\n`);
      using view = storage.view();
      const numbers = CRASH_TABLES.map((name) => numberAt(view.table(name)));
      await setImmediate();
      same(
        CRASH_TABLES.map((name) => numberAt(view.table(name))),
        numbers,
      );
      ok(numbers[0]! >= written && new Set(numbers).size === 1);
    }
  };
  await Promise.all([writer(), keeper()]);
}

function write(storage: Storage): number {
  const number = numberAt(storage.table(CRASH_TABLES[0]!)) + 1;
  storage.transaction((table) => {
    for (const name of CRASH_TABLES) {
      table(name).put(LAST, u64be(number));
      table(name).put(u64be(number), bytesOf(number));
      table(name).delete(u64be(number - KEPT));
    }
  });
  return number;
}

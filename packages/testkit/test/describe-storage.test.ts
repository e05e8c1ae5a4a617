/** The suite of storages finds what is wrong with broken ones; what passes it stands in the tests beside this. */
import { type Storage, type Table, type TableReader } from "@lattice/storage";
import { MemoryStorage, storageChecks, type StorageUnderTest } from "@lattice/testkit";
import { expect, it } from "vitest";
import { altered } from "./altered.ts";

type Break = (storage: MemoryStorage) => Partial<Storage>;

/** Storages in memory, each with something changed. */
function broken(change: Break, under: Partial<StorageUnderTest> = {}): StorageUnderTest {
  const originals = new WeakMap<Storage, MemoryStorage>();
  const open = (original: MemoryStorage): Storage => {
    const storage = altered<Storage>(original, change(original));
    originals.set(storage, original);
    return storage;
  };
  return {
    open: async (tables) => open(new MemoryStorage({ tables })),
    reopen: async (storage) => {
      await storage.close();
      return open(originals.get(storage)!.crash());
    },
    crash: async (storage) => open(originals.get(storage)!.crash()),
    runs: 20,
    ...under,
  };
}

function withTables(change: (table: Table) => Partial<Table>): Break {
  const changed = <T extends TableReader>(table: T): T =>
    altered<T>(table, change(table as never) as Partial<T>);
  return (storage) => ({
    table: (name) => changed(storage.table(name)),
    transaction: (body) => storage.transaction((table) => body((name) => changed(table(name)))),
  });
}

it.each<[string, Break]>([
  [
    "keeps nothing of a transaction that throws",
    (storage) => ({
      transaction(body) {
        let failure: unknown;
        const result = storage.transaction((table) => {
          try {
            return body(table);
          } catch (error) {
            failure = error;
            return undefined;
          }
        });
        if (failure instanceof Error) throw failure;
        return result as never;
      },
    }),
  ],
  [
    "orders keys by their unsigned bytes",
    withTables((table) => ({ range: (range) => [...table.range(range)].toReversed() })),
  ],
  [
    "heeds every combination of bounds, in both directions",
    withTables((table) => ({ range: () => table.range() })),
  ],
  ["does not show what was deleted", withTables(() => ({ delete: () => true }))],
  ["says of a delete whether there was a row", withTables(() => ({ delete: () => true }))],
  ["has after a crash what was flushed", () => ({ flush: () => Promise.resolve() })],
  ["rolls back to what a crash would leave, and goes on from there", () => ({ rollback: () => undefined })],
  ["can be closed twice and then refuses everything", (storage) => ({ close: () => storage.flush() })],
  [
    "is a set of sorted arrays, whatever is done to it",
    withTables((table) => ({
      // Of rows in plenty it loses one.
      range: (range) => [...table.range(range)].filter((_, index) => index !== 3),
    })),
  ],
])("finds one that breaks: %s", async (name, change) => {
  const under = broken(change);
  await expect(storageChecks(under)[name]!(under)).rejects.toThrow();
  const sound = broken(() => ({}));
  await expect(storageChecks(sound)[name]!(sound)).resolves.toBeUndefined();
});

it("asks of a storage that is not durable nothing about flushes that a crash took", () => {
  const names = (isDurable: boolean) => Object.keys(storageChecks({ isDurable }));
  expect(names(true).filter((name) => !names(false).includes(name))).toEqual([
    "has after a crash what was flushed",
  ]);
});

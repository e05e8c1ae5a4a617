import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openLmdbStorage, type LmdbStorage, type LmdbStorageOptions, type Storage } from "@lattice/storage";
import { describeStorage, type StorageUnderTest } from "@lattice/testkit";
import { afterAll } from "vitest";

const root = mkdtempSync(join(tmpdir(), "lattice-testkit-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let made = 0;

function newPath(): string {
  const folder = join(root, `${made++}`);
  mkdirSync(folder);
  return join(folder, "log.db");
}

type Settings = Omit<LmdbStorageOptions, "path" | "tables">;

/** A crash is a copy of the files as they are, opened; the storage that crashed is left to close. */
function lmdbUnderTest(settings: Settings): StorageUnderTest {
  const optionsOf = new WeakMap<Storage, LmdbStorageOptions>();
  const open = (options: LmdbStorageOptions): LmdbStorage => {
    const storage = openLmdbStorage(options);
    optionsOf.set(storage, options);
    return storage;
  };
  return {
    open: async (tables) => open({ ...settings, tables, path: newPath() }),
    reopen: async (storage) => {
      await storage.close();
      return open(optionsOf.get(storage)!);
    },
    crash: async (storage) => {
      const options = optionsOf.get(storage)!;
      const path = newPath();
      cpSync(dirname(options.path), dirname(path), { recursive: true });
      await storage.close();
      return open({ ...options, path });
    },
    isDurable: settings.durability === "journal",
  };
}

describeStorage("LMDB with a journal", lmdbUnderTest({ durability: "journal" }));
describeStorage(
  "LMDB with a journal, merging all the time",
  lmdbUnderTest({ durability: "journal", overlayBytesMax: 500 }),
);
describeStorage(
  "LMDB with a journal, merging large transactions at once",
  lmdbUnderTest({ durability: "journal", overlayBytesMax: 8_000, frameBytesMax: 3_000 }),
);
describeStorage("LMDB without a journal", lmdbUnderTest({ durability: "lazy", overlayBytesMax: 2_000 }));

import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  openLmdbStorage,
  type CheckpointedStorage,
  type LmdbStorage,
  type LmdbStorageOptions,
  type Storage,
} from "@lattice/storage";
import {
  describeCheckpointedStorage,
  describeStorage,
  type CheckpointedStorageUnderTest,
  type StorageUnderTest,
} from "@lattice/testkit";
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

/** A crash is a copy of the files as they are, since no checkpoint is under way. */
function checkpointedUnderTest(): CheckpointedStorageUnderTest {
  const optionsOf = new WeakMap<Storage, { path: string; tables: readonly string[] }>();
  const open = (path: string, tables: readonly string[]): CheckpointedStorage => {
    const storage = openLmdbStorage({ path, tables, durability: "checkpoint" });
    optionsOf.set(storage, { path, tables });
    return storage;
  };
  return {
    open: async (tables) => open(newPath(), tables),
    reopen: async (storage) => {
      await storage.close();
      const { path, tables } = optionsOf.get(storage)!;
      return open(path, tables);
    },
    crash: async (storage) => {
      const { path, tables } = optionsOf.get(storage)!;
      const copy = newPath();
      cpSync(dirname(path), dirname(copy), { recursive: true });
      await storage.close();
      return open(copy, tables);
    },
  };
}

const checkpointed = checkpointedUnderTest();
describeCheckpointedStorage("LMDB in checkpoints", checkpointed);
describeStorage("LMDB in checkpoints, as a storage that is told to write", {
  open: async (tables) => checkpointed.open(tables),
  reopen: async (storage) => {
    await (storage as CheckpointedStorage).checkpoint();
    return checkpointed.reopen(storage as CheckpointedStorage);
  },
  crash: async (storage) => checkpointed.crash(storage as CheckpointedStorage),
  isDurable: false,
  runs: 30,
});

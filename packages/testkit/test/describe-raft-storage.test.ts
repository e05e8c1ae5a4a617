/** The suite of Raft's storage finds what is wrong with broken ones; what passes it stands in the tests beside this. */
import {
  MemoryRaftStorage,
  NOTHING_PERSISTED,
  type Persisted,
  type RaftStorage,
  type RaftWrite,
} from "@lattice/raft";
import { raftStorageChecks, type RaftStorageUnderTest } from "@lattice/testkit";
import { expect, it } from "vitest";
import { altered } from "./altered.ts";

type Break = (storage: MemoryRaftStorage) => Partial<RaftStorage>;

/** Storages in memory, each with something changed. */
function broken(change: Break): RaftStorageUnderTest {
  const originals = new WeakMap<RaftStorage, MemoryRaftStorage>();
  const open = (original: MemoryRaftStorage): RaftStorage => {
    const storage = altered<RaftStorage>(original, change(original));
    originals.set(storage, original);
    return storage;
  };
  return {
    open: async () => open(new MemoryRaftStorage()),
    reopen: async (storage) => {
      await storage.close();
      return open(originals.get(storage)!.crash());
    },
    crash: async (storage) => open(originals.get(storage)!.crash()),
    runs: 40,
  };
}

function withWrites(change: (write: RaftWrite, storage: MemoryRaftStorage) => RaftWrite | undefined): Break {
  return (storage) => ({
    write: async (write) => {
      const changed = change(write, storage);
      if (changed) await storage.write(changed);
    },
  });
}

function withPersisted(change: (persisted: Persisted) => Persisted): Break {
  return (storage) => ({ persisted: change(storage.persisted) });
}

/** Forgets the base of an empty log. */
const withoutBase = withPersisted((persisted) =>
  persisted.entries.length === 0 ? { ...persisted, base: NOTHING_PERSISTED.base } : persisted,
);

/** Does a write in two. */
const inTwo: Break = (storage) => ({
  write: async ({ hardState, ...rest }) => {
    if (hardState) await storage.write({ hardState });
    await storage.write(rest);
  },
});

it.each<[string, Break]>([
  [
    "has nothing when it is new",
    withPersisted((persisted) => ({ ...persisted, base: { ...persisted.base, index: 1 as never } })),
  ],
  ["keeps term, vote and commit", withWrites(({ hardState: _, ...rest }) => rest)],
  [
    "keeps entries of every kind and length",
    withWrites((write) => ({
      ...write,
      ...(write.entries && {
        entries: write.entries.map((entry) => ({ ...entry, data: new Uint8Array(0) })),
      }),
    })),
  ],
  [
    "replaces with an entry what was at its index and above",
    withWrites((write, { latest }) => {
      const last = latest.base.index + latest.entries.length;
      return {
        ...write,
        ...(write.entries && { entries: write.entries.filter(({ index }) => index > last) }),
      };
    }),
  ],
  [
    "begins behind a snapshot that its entries do not agree with",
    withWrites((write, { latest }) => {
      const found = latest.entries.find(({ index }) => index === write.snapshot?.index);
      return found ? { ...write, snapshot: { ...write.snapshot!, term: found.term } } : write;
    }),
  ],
  ["begins behind a snapshot that its entries do not reach", withoutBase],
  ["begins behind what it was compacted to", withWrites(({ compactTo: _, ...rest }) => rest)],
  ["is compacted up to its end", withoutBase],
  [
    "passes over entries up to where it begins behind",
    withWrites((write, { latest }) =>
      write.entries?.[0] && write.entries[0].index <= latest.base.index ? undefined : write,
    ),
  ],
  ["does nothing of a write that it refuses", inTwo],
  [
    "refuses entries with a gap in front of them",
    (storage) => ({ write: (write) => storage.write(write).catch(() => undefined) }),
  ],
  [
    "has after a crash what resolved",
    (storage) => ({
      write: async (write) => {
        storage.write(write).catch(() => undefined);
      },
    }),
  ],
  [
    "has after a crash a beginning of what did not resolve",
    withPersisted((persisted) => ({ ...persisted, entries: persisted.entries.filter((_, at) => at !== 1) })),
  ],
  [
    "resolves writes in the order in which they were asked for",
    (storage) => {
      let count = 0;
      return {
        write: async (write) => {
          const isSlow = count++ % 2 === 0;
          await storage.write(write);
          if (isSlow) await new Promise((resolve) => setImmediate(resolve));
        },
      };
    },
  ],
  [
    "waits for what is under way when it is closed",
    (storage) => ({ close: async () => void storage.crash() }),
  ],
  ["can be closed twice and then refuses everything", () => ({ close: async () => {} })],
  [
    "is a plain log, whatever is done to it",
    // Of entries in plenty it loses one.
    withPersisted((persisted) => ({ ...persisted, entries: persisted.entries.filter((_, at) => at !== 6) })),
  ],
  [
    "is a plain log, whatever is done to it",
    withWrites((write) => {
      // What comes with a snapshot goes missing.
      return write.snapshot && write.entries ? { ...write, entries: [] } : write;
    }),
  ],
])("finds one that breaks: %s", async (name, change) => {
  const check = raftStorageChecks[name]!;
  await expect(check(broken(change))).rejects.toThrow();
  await expect(check(broken(() => ({})))).resolves.toBeUndefined();
});

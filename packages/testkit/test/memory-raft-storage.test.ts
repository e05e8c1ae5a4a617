import { MemoryRaftStorage, type RaftStorage } from "@lattice/raft";
import { describeRaftStorage, seededRandom, type RaftStorageUnderTest } from "@lattice/testkit";

/** A crash keeps some beginning of what was not durable. */
function memoryUnderTest(disk: () => Promise<void>): RaftStorageUnderTest {
  const random = seededRandom(1);
  return {
    open: async () => new MemoryRaftStorage({ disk }),
    reopen: async (storage: RaftStorage) => {
      await storage.close();
      return (storage as MemoryRaftStorage).crash();
    },
    crash: async (storage: RaftStorage) => {
      const memory = storage as MemoryRaftStorage;
      return memory.crash({ keeps: random(memory.pendingCount + 1) });
    },
    runs: 300,
  };
}

describeRaftStorage(
  "MemoryRaftStorage",
  memoryUnderTest(async () => {}),
);
describeRaftStorage(
  "MemoryRaftStorage with a slow disk",
  memoryUnderTest(() => new Promise((resolve) => setImmediate(resolve))),
);

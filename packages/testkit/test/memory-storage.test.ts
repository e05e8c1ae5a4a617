import type { CheckpointedStorage } from "@lattice/storage";
import { describeCheckpointedStorage, describeStorage, MemoryStorage } from "@lattice/testkit";

describeStorage("MemoryStorage", {
  open: async (tables) => new MemoryStorage({ tables }),
  reopen: async (storage) => {
    await storage.close();
    return (storage as MemoryStorage).crash();
  },
  crash: async (storage) => (storage as MemoryStorage).crash(),
  runs: 300,
});

async function left(storage: CheckpointedStorage): Promise<MemoryStorage> {
  return (storage as MemoryStorage).crash();
}

describeCheckpointedStorage("MemoryStorage", {
  open: async (tables) => new MemoryStorage({ tables, durability: "checkpoint" }),
  reopen: async (storage) => {
    await storage.close();
    return left(storage);
  },
  crash: left,
  runs: 300,
});

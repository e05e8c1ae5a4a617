import { describeStorage, MemoryStorage } from "@lattice/testkit";

describeStorage("MemoryStorage", {
  open: async (tables) => new MemoryStorage({ tables }),
  reopen: async (storage) => {
    await storage.close();
    return (storage as MemoryStorage).crash();
  },
  crash: async (storage) => (storage as MemoryStorage).crash(),
  runs: 300,
});

import { LatticeError } from "@lattice/model";
import { MemoryStorage } from "@lattice/storage";
import { expect, it } from "vitest";
import { begin } from "../src/open-store.ts";
import { LOG_TABLES, rebuildStore, type StorePlace } from "../src/index.ts";
import { noRandom, World } from "./world.ts";

it("a rebuild that the disk refuses leaves no log open", async () => {
  const world = new World();
  const refuse = () => Promise.reject(new LatticeError("internal", "the disk failed"));
  const log = new MemoryStorage({ tables: LOG_TABLES });
  begin(log, world.genesis, noRandom);
  const fresh = new MemoryStorage({ tables: LOG_TABLES, disk: refuse });
  const place = { openLog: () => log, openNewLog: () => fresh } as unknown as StorePlace;
  await expect(rebuildStore(place, noRandom)).rejects.toThrow("the disk failed");
  expect([log.isClosed, fresh.isClosed]).toEqual([true, true]);
});

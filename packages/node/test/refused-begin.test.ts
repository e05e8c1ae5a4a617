import { LatticeError, systemRandom, type StoreId } from "@lattice/model";
import { LOG_TABLES, type StorePlace } from "@lattice/kernel";
import { kvstore } from "@lattice/kvstore";
import { FakeClock, MemoryNetwork, MemoryStorage, signerNamed } from "@lattice/testkit";
import { expect, it } from "vitest";
import { INVENTORY_TABLES, Node } from "../src/index.ts";
import { RECONSIDER_MS } from "../src/limits.ts";
import { turns } from "./mesh.ts";

/** Where nothing gets onto the disk. */
function fullPlace(_id: StoreId): StorePlace {
  const disk = () => Promise.reject(new LatticeError("disk-full", "the disk is full"));
  const storage = (tables: readonly string[]) => new MemoryStorage({ tables, disk });
  return {
    name: "log",
    exists: () => false,
    openLog: () => storage(LOG_TABLES),
    openState: storage,
    removeState: () => {},
    bootId: () => "boot",
    openNewLog: () => storage(LOG_TABLES),
    replaceLog: () => {},
    bytes: () => 0,
  };
}

it("a store that the disk refuses when it is begun leaves nothing behind, also later", async () => {
  const clock = new FakeClock();
  const signer = signerNamed("alice");
  await using node = await Node.start({
    placeOf: fullPlace,
    inventory: new MemoryStorage({ tables: [...INVENTORY_TABLES] }),
    signer,
    transport: new MemoryNetwork().transport(signer.publicKey),
    types: [kvstore],
    clock,
    random: systemRandom,
  });
  await expect(node.createStore({ name: "notes", type: "", parent: undefined })).rejects.toThrow("full");
  expect(node.entries()).toEqual([]);
  clock.advance(RECONSIDER_MS);
  await turns();
  expect(node.entries()).toEqual([]);
});

import { describe, expect, it } from "vitest";
import { sha256, signerFromSeed, storeIdOf, utf8 } from "@lattice/model";
import { MemoryStorage } from "@lattice/storage";
import { Inventory, INVENTORY_TABLES } from "../src/index.ts";

const id = storeIdOf(sha256(utf8("store")));
const peer = signerFromSeed(sha256(utf8("peer"))).publicKey;
const hash = "00".repeat(32);

function inventoryWith(table: string, key: Uint8Array, value: Uint8Array): Inventory {
  const storage = new MemoryStorage({ tables: INVENTORY_TABLES });
  storage.transaction((tables) => {
    tables(table).put(key, value);
  });
  return new Inventory(storage);
}

describe("an inventory", () => {
  it.each([
    "",
    "null",
    "[]",
    "{",
    `{"type":"core:kvstore"}`,
    `{"genesis":"00","type":"core:kvstore"}`,
    `{"genesis":"${hash}","type":7}`,
    `{"genesis":"${hash}","type":"a:b","members":"${hash}"}`,
    `{"genesis":"${hash}","type":"a:b","members":["x"]}`,
    `{"genesis":"${hash}","type":"a:b","parent":null}`,
    `{"genesis":"${hash}","type":"a:b","recovering":1}`,
  ])("whose row of a store is %s is corrupt", (text) => {
    const inventory = inventoryWith("stores", id, utf8(text));
    expect(() => inventory.stores()).toThrow(expect.objectContaining({ code: "corrupt" }));
  });

  it("reads a row as it was written before there were members in it", () => {
    const inventory = inventoryWith("stores", id, utf8(`{"genesis":"${hash}","type":"a:b"}`));
    expect(inventory.stores()).toMatchObject([{ type: "a:b", members: [], isRecovering: false }]);
  });

  it("has lost the addresses of a peer whose row is damaged, and takes new ones", async () => {
    const inventory = inventoryWith("peers", peer, Uint8Array.of(0xff));
    expect(inventory.addresses(peer)).toEqual([]);
    inventory.putAddresses(peer, ["/ip4/10.0.0.1/tcp/1"]);
    expect(inventory.addresses(peer)).toEqual(["/ip4/10.0.0.1/tcp/1"]);
    await inventory.close();
  });
});

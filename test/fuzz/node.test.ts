import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sha256, signerFromSeed, storeIdOf, utf8 } from "../../packages/model/src/index.ts";
import { Inventory, INVENTORY_TABLES, type StoreRow } from "../../packages/node/src/index.ts";
import { MemoryStorage } from "../../packages/storage/src/index.ts";
import { fuzzRuns, mutateBytes } from "../../packages/testkit/src/mutate-bytes.ts";
import { outcomeOf } from "./outcome.ts";

const key = (name: string) => signerFromSeed(sha256(utf8(name))).publicKey;
const row: StoreRow = {
  id: storeIdOf(sha256(utf8("a"))),
  genesisHash: sha256(utf8("a")),
  type: "core:kvstore",
  parentHash: sha256(utf8("b")),
  inviter: key("inviter"),
  members: [key("one"), key("two")],
  isRecovering: false,
};
const rows = [row, { ...row, parentHash: undefined, inviter: undefined, members: [] }];

async function written(): Promise<{ storage: MemoryStorage; stores: Uint8Array[]; peers: Uint8Array[] }> {
  const stores: Uint8Array[] = [];
  const storage = new MemoryStorage({ tables: INVENTORY_TABLES });
  const inventory = new Inventory(storage);
  for (const each of rows) {
    await inventory.putStore(each);
    stores.push(storage.table("stores").get(each.id)!);
  }
  inventory.putAddresses(key("one"), ["/ip4/10.0.0.1/tcp/4001", "/dns4/example.org/tcp/4001"]);
  await storage.flush();
  return { storage, stores, peers: [storage.table("peers").get(key("one"))!] };
}

describe("an inventory", async () => {
  const { stores, peers } = await written();
  const put = (storage: MemoryStorage, table: string, at: Uint8Array, value: Uint8Array) =>
    storage.transaction((tables) => {
      tables(table).put(at, value);
    });

  it("with a damaged row of a store is corrupt, or says what can be said again", async () => {
    await fc.assert(
      fc.asyncProperty(mutateBytes(stores), async (value) => {
        const storage = new MemoryStorage({ tables: INVENTORY_TABLES });
        put(storage, "stores", row.id, value);
        const inventory = new Inventory(storage);
        const read = outcomeOf(["corrupt"], () => inventory.stores());
        if (read === undefined) return;
        await inventory.putStore(read[0]!);
        expect(inventory.stores()).toEqual(read);
      }),
      fuzzRuns(2500),
    );
  });

  it("with a damaged row of a peer has lost its addresses, or some of them", () => {
    fc.assert(
      fc.property(mutateBytes(peers), (value) => {
        const storage = new MemoryStorage({ tables: INVENTORY_TABLES });
        put(storage, "peers", key("one"), value);
        const inventory = new Inventory(storage);
        const addresses = outcomeOf([], () => inventory.addresses(key("one")))!;
        expect(addresses.every((address) => typeof address === "string")).toBe(true);
        outcomeOf([], () => inventory.putAddresses(key("one"), ["/ip4/10.0.0.3/tcp/1"]));
        expect(inventory.addresses(key("one"))).toEqual(["/ip4/10.0.0.3/tcp/1"]);
      }),
      fuzzRuns(2500),
    );
  });
});

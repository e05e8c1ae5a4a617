/** The services of a real node, where nothing below them shows it: requests that make no sense, and what people read. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { LatticeClient } from "../packages/api/src/index.ts";
import { kvstoreV1 } from "../packages/kvstore/src/index.ts";
import { utf8 } from "../packages/model/src/index.ts";
import { openRuntime } from "../packages/runtime/src/index.ts";

async function newNode(): Promise<LatticeClient> {
  const dataDirectory = mkdtempSync(join(tmpdir(), "lattice-names-"));
  const runtime = await openRuntime({ dataDirectory, listen: [{ host: "127.0.0.1" }], serve: false });
  onTestFinished(async () => {
    await runtime.close();
    rmSync(dataDirectory, { recursive: true });
  });
  return runtime.client;
}

async function intentionCount(client: LatticeClient, store: string): Promise<bigint> {
  return (await client.store.status({ store })).intentionCount;
}

test("names of stores and nodes are one line", async () => {
  const client = await newNode();
  await client.store.create({ name: "notes" });
  for (const name of ["a\nb", "\0", "a\u0085"]) {
    for (const refused of [
      client.store.setName({ store: "notes", name }),
      client.store.create({ name }),
      client.node.setName({ name }),
    ])
      await expect(refused).rejects.toThrow(/one line without control characters$/);
  }
});

test("a store's name has at most 256 bytes, however it is given", async () => {
  const client = await newNode();
  const longest = "ö".repeat(128);
  await client.store.create({ name: longest });
  const before = await intentionCount(client, longest);
  const refusal = { code: "invalid-argument", message: "the name has 257 bytes; a store's has at most 256" };
  await expect(client.store.setName({ store: longest, name: `${longest}x` })).rejects.toMatchObject(refusal);
  await expect(client.store.create({ name: `${longest}x` })).rejects.toMatchObject(refusal);
  await expect(client.store.create({ name: `${longest}x`, parent: longest })).rejects.toMatchObject(refusal);
  expect(await intentionCount(client, longest)).toBe(before);
  expect((await client.store.list({})).stores.map(({ name }) => name)).toEqual([longest]);
});

test("who may not name the store is told so, and writes nothing", async () => {
  const [owner, writer] = [await newNode(), await newNode()];
  await owner.store.create({ name: "ours" });
  const { token } = await owner.store.invite({ store: "ours" });
  for await (const _ of writer.node.join({ token }));
  const before = await intentionCount(writer, "ours");
  await expect(writer.store.setName({ store: "ours", name: "mine" })).rejects.toMatchObject({
    code: "permission-denied",
    message: "a writer cannot name the store: ask an admin or the owner",
  });
  expect(await intentionCount(writer, "ours")).toBe(before);
});

const LISTS = ["history", "log", "floating"] as const;

test.each(LISTS)("a cursor that is none of %s does not begin the list anew", async (list) => {
  const client = await newNode();
  await client.store.create({ name: "s" });
  for (const cursor of [
    new Uint8Array(3),
    new Uint8Array(8),
    new Uint8Array(8).fill(255),
    new Uint8Array(41),
  ]) {
    await expect(client.store[list]({ store: "s", cursor })).rejects.toMatchObject({
      code: "invalid-argument",
      message: "the cursor is none of this list; pass `next` of the page before",
    });
  }
});

test("a write's summary tells bytes from text that looks like them", async () => {
  const client = await newNode();
  await client.store.create({ name: "s" });
  const summaryOf = async (value: Uint8Array): Promise<string> => {
    const message = kvstoreV1.PutRequest.toBinary({ key: utf8("k"), value, if: [] });
    await client.dynamic.call({ store: "s", method: "Put", message });
    return (await client.store.history({ store: "s", limit: 1 })).intentions[0]!.summary;
  };
  expect(await summaryOf(utf8("00ff"))).toContain('"value":"00ff"');
  expect(await summaryOf(new Uint8Array([0, 255]))).toContain('"value":"0x00ff"');
  expect(await summaryOf(new Uint8Array(9).fill(255))).toContain('"value":"0xffffffffffffffff…"');
});

/** A log whose bytes were changed while its node was down: that is found, told, and mended from a peer. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import {
  digestOf,
  expectRefusal,
  expectSame,
  expectVerified,
  json,
  startNode,
  startPair,
  type NodeProcess,
} from "./daemon.ts";

const COUNT = 200;
const keys = Array.from({ length: COUNT }, (_, at) => `key-${at}`);

function valueOf(key: string): string {
  return `${key} has this value; `.repeat(10);
}

function logOf(node: NodeProcess, store: string): string {
  return join(node.dataDirectory, "stores", store, "intentions", "log.db");
}

/** Changes bytes of the file wherever the text stands. */
function damage(file: string, text: string): void {
  const bytes = readFileSync(file);
  let found = 0;
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) {
    bytes.fill("X", at, at + 8);
    found += 1;
  }
  expect(found, `${text} in ${file}`).toBeGreaterThan(0);
  writeFileSync(file, bytes);
}

/** Into the only root store, whose id comes back. */
async function writeAll(node: NodeProcess): Promise<string> {
  const script = keys.map((key) => `put ${key} '${valueOf(key)}'\n`).join("");
  expect(await node.run(["-"], script)).toMatchObject({ code: 0, err: "" });
  const [store, ...others] = readdirSync(join(node.dataDirectory, "stores"));
  expect(others).toEqual([]);
  return store!;
}

async function startWritten(): Promise<{ node: NodeProcess; store: string }> {
  const node = await startNode();
  await node.answer("store", "create", "--root");
  return { node, store: await writeAll(node) };
}

async function expectAll(node: NodeProcess): Promise<void> {
  const { out, err } = await node.run(["-"], keys.map((key) => `get ${key}\n`).join(""));
  expect(err).toBe("");
  expect(out).toBe(keys.map((key) => `${valueOf(key)}\n`).join(""));
}

it("is told by table and key, refused, and mended by a rebuild and the peer", async () => {
  const [node, peer] = await startPair();
  const store = await writeAll(node);
  await expectSame(node, peer);
  await node.stop();
  for (const key of ["key-20", "key-100", "key-101"]) damage(logOf(node, store), valueOf(key));
  await node.start();

  const damaged = await node.run(["history", "key-100"]);
  expectRefusal(damaged, "log.db", "table witness, key 00000000000000", 'run "store rebuild"', "from peers");
  const verified = await node.run(["store", "verify", "--json"]);
  expect(verified.code).toBe(1);
  const { problems } = JSON.parse(verified.out) as { problems: string[] };
  expect(problems.join("\n")).toContain("witness ");
  expect(JSON.parse(verified.err)).toMatchObject({ error: { message: expect.stringContaining("problem") } });

  const { lost } = await json<{ lost: string[] }>(node, "store", "rebuild");
  expect(lost.filter((line) => line.startsWith("witness "))).toHaveLength(3);
  await expectSame(node, peer);
  await expectAll(node);
  await expectVerified(node);
  await node.answer("put", "after", "the rebuild");
  await expectSame(node, peer);
  expect((await json<{ forks: unknown[] }>(peer, "debug", "forks")).forks).toEqual([]);
  expect(readFileSync(`${logOf(node, store)}.damaged-1`).length, "kept aside").toBeGreaterThan(0);
});

it("that is no database any more leaves the node and its other stores in use, and says so", async () => {
  const { node, store } = await startWritten();
  await node.answer("store", "create", "other", "--root");
  await node.answer("put", "a", "1", "--store", "other");
  await node.stop();
  const log = logOf(node, store);
  const sound = readFileSync(log);
  writeFileSync(log, Buffer.alloc(sound.length, "no database "));
  await node.start();
  expect(await node.answer("get", "a", "--store", "other")).toBe("1");
  expectRefusal(await node.run(["get", "key-1", "--store", store]), "the store is not open", log);
  const { warnings } = await json<{ warnings: string[] }>(node, "node", "status");
  expect(warnings).toEqual([expect.stringContaining(log)]);
  const list = await json<{ stores: { problem: string }[] }>(node, "store", "list");
  expect(list.stores.map(({ problem }) => problem).filter(Boolean)).toEqual([expect.stringContaining(log)]);

  await node.stop();
  writeFileSync(log, sound);
  await node.start();
  const values = await node.run(["-", "--store", store], keys.map((key) => `get ${key}\n`).join(""));
  expect(values.out).toBe(keys.map((key) => `${valueOf(key)}\n`).join(""));
});

it("that is gone is not begun anew", async () => {
  const { node, store } = await startWritten();
  await node.stop();
  const log = logOf(node, store);
  const sound = readFileSync(log);
  for (const remains of [undefined, Buffer.alloc(0)]) {
    if (remains === undefined) rmSync(log);
    else writeFileSync(log, remains);
    await node.start();
    expectRefusal(
      await node.run(["get", "key-1", "--store", store]),
      "the store is not open",
      `${log} is gone`,
    );
    // The second time there is an empty database, which the rebuild has left.
    expectRefusal(await node.run(["store", "rebuild", "--store", store]), "genesis of the store is damaged");
    expectRefusal(
      await node.run(["get", "key-1", "--store", store]),
      "the store is not open",
      `${log} is empty`,
    );
    await node.stop();
  }
  writeFileSync(log, sound);
  await node.start();
  await expectAll(node);
});

it("of the state is made anew by itself", async () => {
  const { node, store } = await startWritten();
  const digest = await digestOf(node);
  await node.stop();
  const state = join(node.dataDirectory, "stores", store, "state", "state.db");
  writeFileSync(state, "no database");
  await node.start();
  await expectAll(node);
  await expectVerified(node);
  expect(await digestOf(node)).toBe(digest);
});

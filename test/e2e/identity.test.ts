/** An identity that moves to another data directory: the same node, that gets its stores back from its peers. */
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  expectRefusal,
  expectSame,
  expectVerified,
  json,
  LATTICE,
  newNode,
  startNode,
  startPair,
  temporaryDirectory,
  type NodeProcess,
} from "./daemon.ts";
import { hasTmux, Screen } from "./tmux.ts";

const EXPORT = ["node", "identity", "export"];
const IMPORT = ["node", "identity", "import"];

async function keyOf(node: NodeProcess): Promise<string> {
  return (await json<{ public_key: string }>(node, "node", "status")).public_key;
}

/** Where a file may come to lie. */
function newFile(): string {
  return join(temporaryDirectory(), "id.txt");
}

it("goes on in a new data directory as the same member, with what it had written, and no fork", async () => {
  const [peer, old] = await startPair();
  await old.answer("put", "before", "1");
  await expectSame(old, peer);
  const key = await keyOf(old);
  const file = newFile();
  expect(await old.answer(...EXPORT, file)).toBe(key);
  await old.stop();

  const moved = newNode();
  expect(await moved.answer(...IMPORT, file)).toBe(key);
  await moved.start();
  expect(await keyOf(moved)).toBe(key);
  expect(await json(moved, "store", "list")).toMatchObject({ stores: [] });
  await moved.answer("join", await peer.answer("peer", "invite"));
  expect(await moved.answer("get", "before")).toBe("1");
  await moved.answer("put", "after", "2");
  await expectSame(moved, peer);
  expect(await peer.answer("get", "after")).toBe("2");
  const { peers } = await json<{ peers: { peer: string }[] }>(peer, "peer", "list");
  expect(peers.map((each) => each.peer).toSorted()).toEqual([key, await keyOf(peer)].toSorted());
  for (const node of [moved, peer]) {
    expect(await json(node, "debug", "forks")).toMatchObject({ forks: [] });
    await expectVerified(node);
  }
});

it("comes back to a directory that has lost it, and its stores are there", async () => {
  const node = await startNode();
  const file = newFile();
  await node.answer("store", "create", "--root");
  await node.answer("put", "mine", "1");
  const key = await node.answer(...EXPORT, file);
  await node.stop();
  rmSync(join(node.dataDirectory, "identity.key"));
  expectRefusal(await node.run([...EXPORT, newFile()]), "there is no identity in", node.dataDirectory);
  expect(await node.answer(...IMPORT, file)).toBe(key);
  await node.start();
  await node.answer("put", "mine", "2");
  expect(await node.answer("get", "mine")).toBe("2");
  await expectVerified(node);
});

it("does not go where a node runs, where there is an identity, or with another passphrase", async () => {
  const node = await startNode();
  const file = newFile();
  const sealing = newNode(node.dataDirectory, { LATTICE_PASSPHRASE: "four words of mine" });
  await sealing.answer(...EXPORT, file);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, "utf8")).not.toContain(
    readFileSync(join(node.dataDirectory, "identity.key")).toString("hex"),
  );

  const importing = [...IMPORT, file];
  expectRefusal(await sealing.run(importing), "is in use by process", `${node.pid}`, "--data");
  await node.stop();
  expectRefusal(await sealing.run(importing), "has the identity", "already", "--data");

  const fresh = join(temporaryDirectory(), "data");
  expectRefusal(await newNode(fresh).run(importing), "--passphrase-file", "LATTICE_PASSPHRASE");
  const wrong = newNode(fresh, { LATTICE_PASSPHRASE: "four words of yours" });
  expectRefusal(await wrong.run(importing), "the passphrase is wrong");
  expect(existsSync(fresh)).toBe(false);

  const right = newNode(fresh, { LATTICE_PASSPHRASE: "four words of mine" });
  expect((await right.run(["--embedded", ...importing])).code).toBe(0);
  expect(readFileSync(join(fresh, "identity.key"))).toEqual(
    readFileSync(join(node.dataDirectory, "identity.key")),
  );
});

describe.skipIf(!hasTmux)("the passphrase in a terminal (skipped where tmux is not installed)", () => {
  it("is not seen while it is typed", async () => {
    const node = await startNode();
    const file = newFile();
    const command = [
      process.execPath,
      LATTICE,
      "--data",
      node.dataDirectory,
      ...EXPORT,
      file,
      "--passphrase",
    ];
    const screen = new Screen({
      command: ["sh", "-c", '"$0" "$@"; echo "ended with $?"; exec cat', ...command],
      env: { PATH: process.env["PATH"], LANG: "C.UTF-8" },
      columns: 100,
    });
    for (const prompt of ["Passphrase:", "The same again:"]) {
      await screen.until((text) => text.endsWith(prompt));
      screen.enter("four words of mine");
    }
    const shown = await screen.until((text) => text.includes("ended with"));
    expect(shown).toBe(`Passphrase:\nThe same again:\n${await keyOf(node)}\nended with 0`);
    expect(readFileSync(file, "utf8")).toContain("\nsealed seed: ");
  });
});

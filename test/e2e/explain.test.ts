/** Two people write one key without knowing of each other; both see why it is what it is, and what is offered ends it. */
import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { expectSame, json, LATTICE, startPair, type NodeProcess } from "./daemon.ts";

interface Explained {
  readonly heads: readonly { hash: string; value?: string; unseen_hashes: string[]; author_name: string }[];
  readonly rule: string;
  readonly resolutions: readonly { method: string; text: string }[];
}

async function writtenAtOnce(key: string): Promise<[NodeProcess, NodeProcess]> {
  const [first, second] = await startPair();
  await first.answer("node", "set-name", "ann");
  await second.answer("node", "set-name", "ben");
  await expectSame(first, second);
  await second.stop();
  await first.answer("put", key, "red");
  await first.stop();
  await second.start();
  await second.answer("put", key, "blue");
  await first.start();
  await expectSame(first, second);
  return [first, second];
}

it("explain tells the same on both nodes, and the lines that it shows end the conflict when they are pasted", async () => {
  const key = "it's the $HOME color";
  const [first, second] = await writtenAtOnce(key);
  const told = await json<Explained>(first, "explain", key);
  expect(told).toEqual(await json<Explained>(second, "explain", key));
  expect(told.heads.map(({ value, author_name }) => [value, author_name])).toEqual([
    ["blue", "ben"],
    ["red", "ann"],
  ]);
  expect(told.heads.map(({ unseen_hashes }) => unseen_hashes)).toEqual([
    [told.heads[1]!.hash],
    [told.heads[0]!.hash],
  ]);
  expect(told.rule).toContain("latest");

  const text = await first.answer("explain", key);
  expect(text).toContain("2 writes that no later one has seen");
  const lines = text.split("\n").filter((line) => line.includes("lattice --data"));
  expect(lines).toHaveLength(2);
  const pasted = spawnSync("sh", ["-c", `lattice() { "$NODE" "$LATTICE" "$@"; }\n${lines[1]}`], {
    env: { PATH: process.env["PATH"], HOME: "/nowhere", NODE: process.execPath, LATTICE },
    encoding: "utf8",
  });
  expect({ status: pasted.status, errors: pasted.stderr }).toEqual({ status: 0, errors: "" });
  expect(await first.answer("get", key)).toBe("red");
  expect(await json<Explained>(first, "explain", key)).toMatchObject({ rule: "", resolutions: [] });
  await expectSame(first, second);
  expect(await second.answer("explain", key)).toContain("No conflict");
});

it("explain is refused by a type that has nothing to explain, and by a key that was never written", async () => {
  const [first] = await startPair();
  const refusals = [
    [["explain", "nothing"], 'error: nothing was ever written for "nothing"\n'],
    [["explain", ""], "error: the key is empty"],
  ] as const;
  for (const [words, says] of refusals) {
    const { code, err } = await first.run(words);
    expect(code).toBe(1);
    expect(err).toContain(says);
  }
  await first.answer("store", "create", "journal", "--root", "--type", "core:logstore");
  const { code, err } = await first.run(["explain", "x", "--store", "journal"]);
  expect({ code, err }).toEqual({
    code: 1,
    err: "error: a core:logstore has nothing to explain: its operations do not contend\n",
  });
});

/**
 * Dialogues with the REPL, as text: what stands behind a prompt is typed, the rest is what must come. `vitest -u` writes
 * the files anew; read the diff.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FakeNode } from "./fake-node.ts";
import { start } from "./harness.ts";

const FOLDER = join(import.meta.dirname, "transcripts");
const PROMPT = /^(lattice(?::[0-9a-f]{4})?> |… )(.*)$/;

/** What is there before the dialogue starts. */
const SETUPS: Readonly<Record<string, (node: FakeNode) => void>> = {
  "methods.txt": (node) => void node.create({ name: "notes" }),
  "mistakes.txt": (node) => {
    node.create({ name: "notes" });
    node.create();
    node.create({ name: "third" });
  },
  "peers.txt": (node) => void node.create({ name: "notes" }),
  "explain.txt": (node) => void node.create({ name: "notes" }),
  "values.txt": (node) => void node.create({ name: "notes" }),
  "debug.txt": (node) => void node.create({ name: "notes" }),
};

test.each(readdirSync(FOLDER))("%s", async (name) => {
  const path = join(FOLDER, name);
  const typed = readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line) => PROMPT.exec(line)?.[2] ?? []);
  const node = new FakeNode();
  SETUPS[name]?.(node);
  await expect(await converse(node, typed)).toMatchFileSnapshot(path);
});

async function converse(node: FakeNode, typed: readonly string[]): Promise<string> {
  const run = start([], { node, terminal: "dumb", merge: true });
  const lastLine = () => run.output.text.slice(run.output.text.lastIndexOf("\n") + 1);
  const prompted = () => run.output.until(() => PROMPT.exec(lastLine())?.[2] === "");
  for (const line of typed) {
    await prompted();
    // A terminal echoes what is typed.
    run.output.text += `${line}\n`;
    run.input.write(`${line}\n`);
  }
  await prompted();
  run.input.end();
  expect(await run.exit).toBe(0);
  return run.output.text.trimEnd().split("\n").slice(0, -1).join("\n") + "\n";
}

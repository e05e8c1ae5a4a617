/** The transcript of examples/counter-store/README.md, typed into a shell: two nodes of a store type of this repository. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { expect, it, onTestFailed, onTestFinished } from "vitest";
import { patternOf } from "../console-blocks.ts";
import { newNode, temporaryDirectory } from "./daemon.ts";

const root = join(import.meta.dirname, "../..");
const example = join(root, "examples/counter-store");
const readme = readFileSync(join(example, "README.md"), "utf8");
const [, transcript = ""] = /^```console\n([^]*?)^```$/m.exec(readme) ?? [];
const steps = transcript.split(/^\$ /m).slice(1);
const DONE = "--- the command is done ---";

it("answers as its README shows, on two nodes", { timeout: 60_000 }, async () => {
  const shell = spawn("bash", {
    cwd: root,
    env: {
      ...process.env,
      PATH: `${dirname(process.execPath)}${delimiter}${process.env["PATH"]}`,
      TMPDIR: temporaryDirectory(),
      LATTICE_STORE: "",
    },
    // A group of its own, with the nodes in it: all of it ends with the test.
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let isOver = false;
  const ended = once(shell, "close").finally(() => (isOver = true));
  onTestFinished(async () => {
    if (!isOver) process.kill(-shell.pid!, "SIGKILL");
    await ended;
  });
  let errors = "";
  shell.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const lines = createInterface({ input: shell.stdout })[Symbol.asyncIterator]();

  // What a shell in a terminal does by itself.
  shell.stdin.write("shopt -s expand_aliases\n");
  const shown: string[] = [];
  onTestFailed(() => console.error(`${shown.join("\n")}\n${errors}`));
  for (const step of steps) {
    const [command, ...answer] = step.trimEnd().split("\n");
    shell.stdin.write(`${command}\necho '${DONE}'\n`);
    shown.push(`$ ${command}`);
    // What runs in the background answers when it can, before that or after.
    const end = shown.length + answer.length;
    for (let isDone = false; !isDone || shown.length < end;) {
      const { value: line, done } = await lines.next();
      if (done === true) expect.fail(`the shell has ended at: ${command}\n${errors}`);
      if (line === DONE) isDone = true;
      else shown.push(line);
    }
  }
  shell.stdin.end();
  expect(await ended, errors).toEqual([0, null]);
  const actual = shown.join("\n");
  // Where the pattern does not fit, the difference of the texts tells more than the pattern would.
  const expected = transcript.trimEnd();
  expect(patternOf(expected).test(actual) ? expected : actual, errors).toBe(expected);
});

it("lists many counters a page at a time", async () => {
  const node = newNode();
  const moves = Array.from({ length: 1001 }, (_, at) => `increment c${at} ${at + 1}\n`);
  const script = `store create --root --type example:counter\n${moves.join("")}list\nlist cursor=c998\n`;
  const { code, out, err } = await node.run(["--embedded", "--types", example, "-"], script);
  expect({ code, err }).toEqual({ code: 0, err: "note: there is more; go on with cursor=c998\n" });
  expect(out.split("\n")).toHaveLength(1 + 1000 + 1 + 1 + 1);
  expect(out).toMatch(/^c999 +1000\n$/m);
});

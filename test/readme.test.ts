/**
 * Runs every ```console block of README.md and of the guide against the built command, each on a fresh data directory: as a script
 * from a pipe, where only the answers show, and, where the machine has `script`, in a terminal, where everything does.
 */
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { answersOf, consoleBlocks, patternOf, screenOf, type ConsoleBlock } from "./console-blocks.ts";

const root = join(import.meta.dirname, "..");
const program = join(root, "apps/cli/dist/lattice.js");
const DOCUMENTS = ["README.md", "docs/guide.md"];
const blocks = DOCUMENTS.flatMap((file) =>
  consoleBlocks(readFileSync(join(root, file), "utf8")).map((block) => ({ ...block, file })),
);
const hasTerminal = process.platform === "linux" && spawnSync("script", ["--version"]).status === 0;

const PROMPT_WITHIN_MS = 30_000;

let data: string;

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "lattice-readme-"));
});

afterEach(() => {
  rmSync(data, { recursive: true, force: true });
});

it.each(DOCUMENTS)("%s shows a session", (document) => {
  expect(blocks.some(({ file }) => file === document)).toBe(true);
});

it("the command is built (pnpm build)", () => {
  expect(existsSync(program)).toBe(true);
});

describe.each(blocks)("$file, line $line", (block) => {
  it("answers a script as shown", async () => {
    const child = start(process.execPath, [program, "--embedded"]);
    const output = collect(child.stdout);
    const errors = collect(child.stderr);
    child.stdin.end(block.steps.map(({ command }) => `${command}\n`).join(""));
    const code = await exitCode(child);
    expect({ code, errors: errors.text }).toEqual({ code: 0, errors: "" });
    expectShown(output.text.trimEnd(), answersOf(block));
  });

  it.skipIf(!hasTerminal)("looks as shown in a terminal", async () => {
    const child = start("script", ["-qec", '"$README_NODE" "$README_PROGRAM" --embedded', "/dev/null"]);
    const screen = collect(child.stdout);
    await typeBlock(child, screen, block);
    expect(await exitCode(child)).toBe(0);
  });
});

/** Types each command once its prompt stands, as a person would, then Ctrl-D. */
async function typeBlock(
  child: ChildProcessWithoutNullStreams,
  screen: Collected,
  block: ConsoleBlock,
): Promise<void> {
  for (const [at, { command }] of block.steps.entries()) {
    await screen.until(() => promptCount(screen.text) > at && endsInPrompt(screen.text));
    child.stdin.write(`${command}\r`);
  }
  await screen.until(() => promptCount(screen.text) > block.steps.length && endsInPrompt(screen.text));
  const shown = plain(screen.text).trimEnd();
  child.stdin.write("\u0004");
  // What is said before the first prompt is a greeting, and no part of the session; nor is the last prompt.
  expectShown(shown.slice(shown.search(PROMPT), shown.lastIndexOf("\n")).trimStart(), screenOf(block));
}

/** Where the pattern does not fit, the difference of the texts tells more than the pattern would. */
function expectShown(actual: string, expected: string): void {
  expect(patternOf(expected).test(actual) ? expected : actual).toBe(expected);
}

const PROMPT = /(?:^|\n)lattice(?::[0-9a-f]{4})?> /g;

function promptCount(text: string): number {
  return plain(text).match(PROMPT)?.length ?? 0;
}

function endsInPrompt(text: string): boolean {
  return /(?:^|\n)lattice(?::[0-9a-f]{4})?> $/.test(plain(text));
}

/** What the screen shows: without colours, and with what a carriage return has overwritten gone. */
function plain(text: string): string {
  const lines = stripVTControlCharacters(text).split(/\r*\n/);
  return lines.map((line) => line.slice(line.lastIndexOf("\r") + 1)).join("\n");
}

function start(command: string, args: readonly string[]): ChildProcessWithoutNullStreams {
  return spawn(command, args, {
    cwd: data,
    env: {
      ...process.env,
      LATTICE_DATA: data,
      LATTICE_LISTEN: "127.0.0.1",
      LATTICE_STORE: "",
      README_NODE: process.execPath,
      README_PROGRAM: program,
      TERM: "dumb",
    },
  });
}

interface Collected {
  readonly text: string;
  /** Looks again after each piece that comes; rejects, with what there is, when nothing more will come in time. */
  until(condition: () => boolean): Promise<void>;
}

function collect(stream: NodeJS.ReadableStream): Collected {
  let text = "";
  let isOver = false;
  let look = (): void => {};
  stream.setEncoding("utf8");
  stream.on("data", (piece: string) => {
    text += piece;
    look();
  });
  stream.on("end", () => {
    isOver = true;
    look();
  });
  return {
    get text() {
      return text;
    },
    until: async (condition) =>
      await new Promise((resolve, reject) => {
        const give = (why: string): void => reject(new Error(`${why}; on the screen:\n${plain(text)}`));
        const timer = setTimeout(() => give("no prompt in time"), PROMPT_WITHIN_MS);
        look = () => {
          if (!condition() && !isOver) return;
          clearTimeout(timer);
          if (condition()) resolve();
          else give("ended too early");
        };
        look();
      }),
  };
}

async function exitCode(child: ChildProcessWithoutNullStreams): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  return await new Promise((resolve) => {
    child.once("close", (code) => resolve(code));
  });
}

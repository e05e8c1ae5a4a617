/** Completion in real shells, which ask the built command and through it a node that runs. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LATTICE, sharedNode } from "./daemon.ts";
import { hasTmux, Screen } from "./tmux.ts";

const node = sharedNode();
const bin = mkdtempSync(join(tmpdir(), "lattice-shells-"));
let env: NodeJS.ProcessEnv = {};

beforeAll(async () => {
  // `lattice` as a shell finds it.
  writeFileSync(join(bin, "lattice"), `#!/bin/sh\nexec "${process.execPath}" "${LATTICE}" "$@"\n`);
  chmodSync(join(bin, "lattice"), 0o755);
  mkdirSync(join(bin, "home"));
  env = {
    PATH: `${bin}${delimiter}${process.env["PATH"]}`,
    HOME: join(bin, "home"),
    TERM: "xterm",
    LATTICE_DATA: node.dataDirectory,
    LANG: "C.UTF-8",
  };
  await node.answer("store", "create", "notes", "--root");
  await node.answer("put", "fruit/apple", "green");
  await node.answer("put", "fruit/pear", "yellow");
  await node.answer("put", "two words", "x");
  await node.answer("put", "host:8123", "x");
});

afterAll(() => rmSync(bin, { recursive: true }));

/** What is typed, and all that is offered for it. */
const CASES: readonly (readonly [line: string, offered: readonly string[]])[] = [
  ["lattice sto", ["store"]],
  ["lattice store cr", ["create"]],
  ["lattice store create --ro", ["--root"]],
  ["lattice store use no", ["notes"]],
  ["lattice --store no", ["notes"]],
  ["lattice --dae", ["--daemon"]],
  ["lattice completion ", ["bash", "fish", "zsh"]],
  ["lattice cluster member pro", ["promote"]],
  ["lattice get fruit/", ["fruit/apple", "fruit/pear"]],
  ["lattice --store notes get fruit/a", ["fruit/apple"]],
  ["lattice explain fruit/p", ["fruit/pear"]],
  ["lattice store call get fruit/p", ["fruit/pear"]],
  ["lattice list fruit/a", ["fruit/apple"]],
];

function has(shell: string): boolean {
  return spawnSync(shell, ["-c", "exit 0"]).status === 0;
}

function shellSays(shell: string, script: string): string[] {
  const flags = shell === "bash" ? ["--norc", "--noprofile"] : shell === "zsh" ? ["-f"] : ["--no-config"];
  const { status, stdout, stderr } = spawnSync(shell, [...flags, "-c", script], { env, encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout.split("\n").filter((line) => line !== "");
}

describe.skipIf(!has("bash"))("bash (skipped where it is not installed)", () => {
  /** As bash itself calls it: the line, its words, and the place of the cursor. */
  const offeredFor = (line: string): string[] =>
    shellSays(
      "bash",
      `source <(lattice completion bash)
      COMP_LINE=${quoted(line)} COMP_POINT=${line.length}
      COMP_WORDS=(lattice) COMP_CWORD=1
      _lattice && printf '%s\\n' "\${COMPREPLY[@]}"`,
    );

  it.each(CASES)("%s", (line, offered) => {
    expect(offeredFor(line)).toEqual(offered);
  });

  it("quotes what needs it, and gives the part behind = and : that bash calls the word", () => {
    expect(offeredFor("lattice get two")).toEqual(["'two words'"]);
    expect(offeredFor("lattice get 'two w")).toEqual(["two words"]);
    expect(offeredFor("lattice get host:8")).toEqual(["8123"]);
    expect(offeredFor("lattice --store=no")).toEqual(["notes"]);
    expect(offeredFor("lattice put va")).toEqual(["value="]);
  });
});

describe.skipIf(!has("zsh"))("zsh (skipped where it is not installed)", () => {
  /** The function is run as zsh would; what it hands to `compadd` is printed instead of shown. */
  const offeredFor = (line: string): string[] =>
    shellSays(
      "zsh",
      `compdef() { : }
      source <(lattice completion zsh)
      compadd() { print -rl -- "\${(@P)argv[-1]}" }
      _files() { print files }
      words=("\${(@z)$(<<<${quoted(line)})}"); [[ ${quoted(line)} == *' ' ]] && words+=('')
      CURRENT=\${#words}
      _lattice`,
    );

  it.each(CASES)("%s", (line, offered) => {
    expect(offeredFor(line)).toEqual(offered);
  });

  it("offers files where nothing is known", () => {
    expect(offeredFor("lattice cluster snapshot save ")).toEqual(["files"]);
  });
});

describe.skipIf(!has("fish"))("fish (skipped where it is not installed)", () => {
  /** By fish's own completion; what stands behind a tab is the explanation. */
  const offeredFor = (line: string): string[] =>
    shellSays("fish", `lattice completion fish | source\ncomplete -C ${quoted(line)}`).map(
      (found) => found.split("\t")[0]!,
    );

  it.each(CASES)("%s", (line, offered) => {
    expect(offeredFor(line).toSorted()).toEqual(offered);
  });

  it("tells what a command does", () => {
    expect(shellSays("fish", "lattice completion fish | source\ncomplete -C 'lattice store li'")).toEqual([
      "list\tThe stores of this node, as a tree; * marks the selected one",
    ]);
  });
});

/** As a person has it: a shell in a terminal, and the Tab key. */
describe.skipIf(!hasTmux)("Tab in a shell (skipped where tmux is not installed)", () => {
  const PROMPT = "ready>";
  const SHELLS = [
    ["bash", ["--norc", "--noprofile", "-i"], `PS1='${PROMPT} '; source <(lattice completion bash)`],
    [
      "zsh",
      ["-f", "-i"],
      `PS1='${PROMPT} '; autoload -Uz compinit; compinit -u; source <(lattice completion zsh)`,
    ],
    [
      "fish",
      ["--no-config", "-i"],
      `function fish_prompt; echo -n '${PROMPT} '; end; lattice completion fish | source`,
    ],
  ] as const;

  it.each(SHELLS.filter(([shell]) => has(shell)))("%s", async (shell, flags, setUp) => {
    const screen = new Screen({ command: [shell, ...flags], env, columns: 120 });
    const lastLine = (text: string): string => text.slice(text.lastIndexOf("\n") + 1);
    const completes = async (typed: string, completed: string): Promise<void> => {
      screen.type(typed);
      screen.press("Tab");
      await screen.until((text) => lastLine(text) === `${PROMPT} ${completed}`);
      screen.press("C-u");
      await screen.until((text) => lastLine(text) === PROMPT);
    };
    screen.enter(setUp);
    await screen.until((text) => lastLine(text) === PROMPT);
    await completes("lattice sto", "lattice store");
    await completes("lattice get fruit/a", "lattice get fruit/apple");
    await completes("lattice --store=no", "lattice --store=notes");
    await completes("lattice get host:8", "lattice get host:8123");
    await completes("lattice get 'two w", "lattice get 'two words'");
    expect(screen.text()).not.toContain("error");
  });
});

it("says nothing where no node runs, and offers what needs none", () => {
  const alone = { ...env, LATTICE_DATA: join(bin, "home", "none") };
  const ask = (...words: string[]) =>
    spawnSync("lattice", ["__complete", "fish", ...words], { env: alone, encoding: "utf8" });
  expect(ask("get", "")).toMatchObject({ status: 0, stdout: "", stderr: "" });
  expect(ask("debug", "ti").stdout).toBe("tips\tThe latest intention of each author\n");
});

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

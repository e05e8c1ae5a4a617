/**
 * Runs every ```shell-session block of the documents that show a cluster against the built command: each in a directory of its own,
 * on ports that are free. What ends in `&` runs on until the block is over, and its first line is its answer.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import { consoleBlocks, patternOf, screenOf, SHELL, type ConsoleBlock, type Step } from "./console-blocks.ts";

const root = join(import.meta.dirname, "..");
const program = join(root, "apps/cli/dist/lattice.js");

describe.each(["README.md", "apps/cli/README.md"])("%s", (file) => {
  const blocks = consoleBlocks(readFileSync(join(root, file), "utf8"), SHELL);

  it("shows a cluster", () => expect(blocks).not.toEqual([]));

  it.each(blocks)("answers as shown at line $line", async (block) => {
    const shell = new Shell(await withFreePorts(block));
    onTestFinished(() => shell.end());
    const shown: string[] = [];
    for (const step of shell.block.steps)
      shown.push(`${step.prompt}${step.command}`, ...(await shell.run(step)));
    const [actual, expected] = [shown.join("\n"), screenOf(shell.block)];
    expect(patternOf(expected).test(actual) ? expected : actual).toBe(expected);
  });
});

class Shell {
  readonly block: ConsoleBlock;
  readonly #directory = mkdtempSync(join(tmpdir(), "lattice-readme-"));
  readonly #env: NodeJS.ProcessEnv = { ...process.env, LATTICE_DATA: this.#directory };
  readonly #running: ChildProcess[] = [];

  constructor(block: ConsoleBlock) {
    this.block = block;
  }

  /** The lines of its answer. */
  async run({ command }: Step): Promise<string[]> {
    const [, name, value] = /^export (\w+)=(\S*)$/.exec(command) ?? [];
    if (name !== undefined) {
      this.#env[name] = value;
      return [];
    }
    if (command.endsWith(" &")) return [await this.#launch(command.slice(0, -2))];
    // As a terminal shows them: in the order in which they come.
    const child = this.#spawn(`${command} 2>&1`);
    const [shown] = await Promise.all([text(child.stdout!), once(child, "close")]);
    return shown.split("\n").filter((line) => line !== "");
  }

  async end(): Promise<void> {
    for (const child of this.#running) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #launch(command: string): Promise<string> {
    const child = this.#spawn(`exec ${command}`);
    this.#running.push(child);
    const lines = createInterface({ input: child.stdout! });
    const ended = once(child, "exit").then(() => {
      throw new Error(`${command}: has ended`);
    });
    const [line] = (await Promise.race([once(lines, "line"), ended])) as [string];
    ended.catch(() => undefined);
    return line;
  }

  #spawn(command: string): ChildProcess {
    const words = command.replace(/^(exec )?lattice /, '$1"$README_NODE" "$README_PROGRAM" ');
    const env = { ...this.#env, README_NODE: process.execPath, README_PROGRAM: program };
    return spawn("sh", ["-c", words], { cwd: this.#directory, env, stdio: ["ignore", "pipe", "inherit"] });
  }
}

/** Each port of the block as one that nobody has, the same wherever it comes again. */
async function withFreePorts(block: ConsoleBlock): Promise<ConsoleBlock> {
  const ports = [...new Set([...screenOf(block).matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, port]) => port!))];
  const free = await freePorts(ports.length);
  const replaced = (line: string): string =>
    line.replace(/127\.0\.0\.1:(\d+)/g, (_, port: string) => `127.0.0.1:${free[ports.indexOf(port)]}`);
  const steps = block.steps.map(({ prompt, command, answer }) => {
    return { prompt, command: replaced(command), answer: answer.map(replaced) };
  });
  return { ...block, steps };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  for (const server of servers) await once(server.listen(0, "127.0.0.1"), "listening");
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) await once(server.close(), "close");
  return ports;
}

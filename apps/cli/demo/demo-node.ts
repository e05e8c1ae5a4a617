/** A node of the demo: a daemon in a process of its own, used through the `lattice` command as anybody would. */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const LATTICE = fileURLToPath(new URL("../dist/lattice.js", import.meta.url));
const WRITES_BEFORE_KILL = 40;
const exec = promisify(execFile);

export interface Scratch {
  readonly path: string;
  remove(): void;
}

export function scratchDirectory(): Scratch {
  const path = mkdtempSync(join(tmpdir(), "lattice-demo-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export class DemoNode {
  readonly #name: string;
  readonly #env: NodeJS.ProcessEnv;
  #daemon: ChildProcess | undefined;

  constructor(name: string, directory: Scratch) {
    this.#name = name;
    this.#env = { ...process.env, LATTICE_DATA: join(directory.path, name), LATTICE_LISTEN: "127.0.0.1" };
  }

  /** Resolves when the daemon says that it is ready. */
  async start(): Promise<void> {
    const daemon = spawn(process.execPath, [LATTICE, "--daemon"], { env: this.#env, stdio: ["ignore", "pipe", "inherit"] });
    this.#daemon = daemon;
    const exited = once(daemon, "exit").then(() => {
      throw new Error(`${this.#name} did not start`);
    });
    await Promise.race([once(daemon.stdout, "data"), exited]);
    exited.catch(() => undefined);
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** One command; its output without the last line break. */
  async run(...command: string[]): Promise<string> {
    const { stdout } = await exec(process.execPath, [LATTICE, ...command], { env: this.#env });
    return stdout.trimEnd();
  }

  /** One command, shown with its output. */
  async show(...command: string[]): Promise<void> {
    console.log(`${this.#name}> ${command.join(" ")}\n${await this.run(...command)}`);
  }

  async digest(): Promise<string> {
    const { digest } = JSON.parse(await this.run("debug", "digest", "--json")) as { digest: string };
    return digest;
  }

  /** Feeds a script to the node and kills it while that runs; the keys whose writes were acknowledged. */
  async writeUntilKilled(): Promise<string[]> {
    const keys = Array.from({ length: 100_000 }, (_, index) => `entry-${index}`);
    const writer = spawn(process.execPath, [LATTICE, "-", "--json"], { env: this.#env, stdio: ["pipe", "pipe", "ignore"] });
    const ended = once(writer, "exit");
    writer.stdin.on("error", () => undefined);
    writer.stdin.end(keys.map((key) => `put ${key} ${key}\n`).join(""));
    let answers = 0;
    for await (const chunk of writer.stdout) {
      answers += String(chunk).split("\n").length - 1;
      if (answers >= WRITES_BEFORE_KILL) await this.kill();
    }
    await ended;
    return keys.slice(0, answers);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const daemon = this.#daemon;
    if (daemon === undefined || daemon.exitCode !== null || daemon.signalCode !== null) return;
    const exited = once(daemon, "exit");
    daemon.kill(signal);
    await exited;
  }
}

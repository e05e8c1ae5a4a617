/** A node of the demo. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NodeProcess } from "./node-process.ts";

const WRITES_BEFORE_KILL = 40;

export interface Scratch {
  readonly path: string;
  remove(): void;
}

export function scratchDirectory(): Scratch {
  const path = mkdtempSync(join(tmpdir(), "lattice-demo-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export class DemoNode extends NodeProcess {
  readonly #name: string;

  constructor(name: string, directory: Scratch) {
    super(join(directory.path, name));
    this.#name = name;
  }

  /** One command, shown with its output. */
  async show(...command: string[]): Promise<void> {
    console.log(`${this.#name}> ${command.join(" ")}\n${await this.answer(...command)}`);
  }

  async digest(): Promise<string> {
    const { digest } = JSON.parse(await this.answer("debug", "digest", "--json")) as { digest: string };
    return digest;
  }

  /** Feeds a script to the node and kills it while that runs; the keys whose writes were acknowledged. */
  async writeUntilKilled(): Promise<string[]> {
    const keys = Array.from({ length: 100_000 }, (_, index) => `entry-${index}`);
    const writer = this.spawn("-", "--json");
    const ended = once(writer, "exit");
    writer.stderr.resume();
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
}

/** A node that serves its page, for the tests of a `describe`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { NodeProcess } from "../e2e/daemon.ts";

export class WebNode {
  readonly #flags: readonly string[];
  #node: NodeProcess | undefined;
  /** Chosen by the system at the first start, and kept from then on, so that pages find the node again. */
  #port = "0";

  /** Called in a `describe`. */
  constructor(...flags: string[]) {
    this.#flags = flags;
    let directory = "";
    const killAtExit = (): void => void this.#node?.kill();
    beforeAll(async () => {
      directory = mkdtempSync(join(tmpdir(), "lattice-web-"));
      this.#node = new NodeProcess(directory);
      process.once("exit", killAtExit);
      await this.start();
    });
    afterAll(async () => {
      process.off("exit", killAtExit);
      await this.#node?.kill();
      rmSync(directory, { recursive: true, force: true });
    });
  }

  get node(): NodeProcess {
    return this.#node!;
  }

  async start(...more: readonly string[]): Promise<void> {
    await this.node.start("--web", this.#port, ...this.#flags, ...more);
    this.#port = new URL(await this.node.answer("node", "link")).port;
  }

  /** One entry more for a log store. */
  async append(store: string, line: string): Promise<void> {
    await this.node.answer("append", line, "--store", store);
  }

  async stop(): Promise<void> {
    await this.node.stop();
  }
}

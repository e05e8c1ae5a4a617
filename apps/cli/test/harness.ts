/** `lattice` as a test runs it: on a fake node, with streams of its own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { onTestFinished } from "vitest";
import { main } from "../src/main.ts";
import type { SignalName, World } from "../src/world.ts";
import { FakeNode } from "./fake-node.ts";

export class Sink extends Writable {
  text = "";
  isTTY = false;
  columns = 80;
  readonly #watchers = new Set<() => void>();

  override _write(chunk: Buffer | string, _encoding: string, done: () => void): void {
    this.text += String(chunk);
    for (const watcher of this.#watchers) watcher();
    done();
  }

  /** When the text fits; a test that waits for what never comes is ended by its runner. */
  async until(fits: (text: string) => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = () => {
      if (fits(this.text)) resolve();
    };
    this.#watchers.add(check);
    check();
    await promise;
    this.#watchers.delete(check);
  }
}

export class Input extends PassThrough {
  isTTY = false;
}

export interface RunOptions {
  readonly node?: FakeNode;
  readonly env?: World["env"];
  /** All of the standard input. */
  readonly input?: string;
  /** Takes part in a terminal's dialogue instead. */
  readonly terminal?: "dumb" | "full";
  /** Both streams into one, as a terminal shows them. */
  readonly merge?: boolean;
}

export interface Run {
  readonly node: FakeNode;
  readonly input: Input;
  readonly output: Sink;
  readonly errors: Sink;
  readonly dataDirectory: string;
  readonly exit: Promise<number>;
  signal(name: SignalName): void;
}

export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "lattice-cli-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** Starts it; `exit` tells when it is over. */
export function start(argv: readonly string[], options: RunOptions = {}): Run {
  const node = options.node ?? new FakeNode();
  const dataDirectory = options.env?.["LATTICE_DATA"] ?? temporaryDirectory();
  const [input, output] = [new Input(), new Sink()];
  const errors = options.merge === true ? output : new Sink();
  const handlers = new Map<SignalName, Set<() => void>>();
  if (options.terminal === undefined) input.end(options.input ?? "");
  input.isTTY = options.terminal !== undefined;
  output.isTTY = options.terminal === "full";
  const exit = main({
    argv,
    env: {
      LATTICE_DATA: dataDirectory,
      TERM: options.terminal === "dumb" ? "dumb" : "xterm",
      ...options.env,
    },
    input,
    output,
    errors,
    outliveReader: () => {},
    node: node.access,
    onSignal: (name, handler) => {
      const own = handlers.get(name) ?? new Set();
      handlers.set(name, own.add(handler));
      return () => own.delete(handler);
    },
  });
  const signal = (name: SignalName) => {
    for (const handler of [...(handlers.get(name) ?? [])]) handler();
  };
  return { node, input, output, errors, dataDirectory, exit, signal };
}

export interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs it to its end. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Result> {
  const started = start(argv, options);
  const code = await started.exit;
  return { code, out: started.output.text, err: started.errors.text };
}

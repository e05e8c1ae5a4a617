/** A node in a process of its own, used through the built `lattice` command as anybody would use it. */
import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

export const LATTICE = fileURLToPath(new URL("../dist/lattice.js", import.meta.url));

export interface Answer {
  /** The exit code, or the signal that ended the command. */
  readonly code: number | string;
  readonly out: string;
  readonly err: string;
}

export class NodeProcess {
  readonly dataDirectory: string;
  readonly #env: NodeJS.ProcessEnv;
  #daemon: ChildProcess | undefined;
  #errors = Promise.resolve("");

  constructor(dataDirectory: string, env: NodeJS.ProcessEnv = {}) {
    this.dataDirectory = dataDirectory;
    this.#env = {
      ...process.env,
      LATTICE_DATA: dataDirectory,
      LATTICE_LISTEN: "127.0.0.1",
      LATTICE_STORE: "",
      LATTICE_WEB: "off",
      LATTICE_LOG_LEVEL: "warn",
      ...env,
    };
  }

  /** Of the daemon that was started last. */
  get pid(): number {
    return this.#daemon!.pid!;
  }

  get isRunning(): boolean {
    return this.#daemon !== undefined && this.#daemon.exitCode === null && this.#daemon.signalCode === null;
  }

  /** Resolves when the daemon says that it is ready, with that line; rejects, with what it says instead, if it ends. */
  async start(...flags: string[]): Promise<string> {
    if (this.isRunning) throw new Error("the daemon runs already");
    const daemon = this.spawn("--daemon", ...flags);
    daemon.stdin.end();
    this.#daemon = daemon;
    this.#errors = text(daemon.stderr);
    const ended = this.#errors.then((errors) => {
      throw new Error(`the daemon did not start: ${errors.trim()}`);
    });
    const [line] = (await Promise.race([once(daemon.stdout, "data"), ended])) as [Buffer];
    ended.catch(() => undefined);
    return line.toString().trimEnd();
  }

  /** What the daemon that was started last has complained of, when it has ended. */
  get errors(): Promise<string> {
    return this.#errors;
  }

  async stop(): Promise<void> {
    await this.end("SIGTERM");
  }

  async kill(): Promise<void> {
    await this.end("SIGKILL");
  }

  /** The signal is sent before this returns; resolves when the daemon has ended. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const daemon = this.#daemon;
    if (daemon === undefined || !this.isRunning) return;
    const exited = once(daemon, "exit");
    daemon.kill(signal);
    await exited;
  }

  /** `lattice` with these words, which runs on. */
  spawn(...words: string[]): ChildProcessWithoutNullStreams {
    return spawn(process.execPath, [LATTICE, ...words], { env: this.#env });
  }

  /** One command, or a script as its input. */
  async run(words: readonly string[], input = ""): Promise<Answer> {
    const child = this.spawn(...words);
    // A command that ends before it has read its input is no error.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    const ended = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
    const [out, err, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { code: code ?? signal ?? "?", out, err };
  }

  /** One command that must succeed; its output without the last line break. */
  async answer(...words: string[]): Promise<string> {
    const { code, out, err } = await this.run(words);
    if (code !== 0) throw new Error(`lattice ${words.join(" ")}: ${code}\n${err}`);
    return out.trimEnd();
  }
}

/** A terminal of its own, with what runs in it, as tmux has it: what is typed, and what stands on the screen. */
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from "node:child_process";
import { onTestFinished } from "vitest";

export const hasTmux = spawnSync("tmux", ["-V"]).status === 0;

export interface ScreenOptions {
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly columns?: number;
  readonly rows?: number;
}

let count = 0;

export class Screen {
  /** A server of its own, so that nobody else's terminals are touched. */
  readonly #server = `lattice-test-${process.pid}-${++count}`;
  readonly #watcher: ChildProcessWithoutNullStreams;
  readonly #looks = new Set<() => void>();

  constructor({ command, env, columns = 80, rows = 30 }: ScreenOptions) {
    const size = ["-x", String(columns), "-y", String(rows)];
    const words = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
    const started = spawnSync(
      "tmux",
      ["-L", this.#server, "-f", "/dev/null", "new-session", "-d", ...size, words],
      {
        env,
        encoding: "utf8",
      },
    );
    if (started.status !== 0) throw new Error(`tmux has failed: ${started.stderr}`);
    // In control mode tmux tells of every output; then it is time to look again.
    this.#watcher = spawn("tmux", ["-L", this.#server, "-C", "attach"], { env });
    this.#watcher.stdout.on("data", () => {
      for (const look of this.#looks) look();
    });
    this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
    onTestFinished(() => this.close());
  }

  /** Keys as tmux names them, such as `Tab`, `C-c`, `Enter`. */
  press(...keys: readonly string[]): void {
    this.#tmux("send-keys", ...keys);
  }

  /** Text as it is. */
  type(text: string): void {
    this.#tmux("send-keys", "-l", text);
  }

  /** Types a line, and Enter. */
  enter(line: string): void {
    this.type(line);
    this.press("Enter");
  }

  /** What stands there, without colours, and without the empty lines below. */
  text(): string {
    return this.#tmux("capture-pane", "-p").trimEnd();
  }

  /** The same with what gives it its colours. */
  coloured(): string {
    return this.#tmux("capture-pane", "-p", "-e").trimEnd();
  }

  /** When the screen fits. What never comes is ended by the test's own limit, with the screen in the message. */
  async until(fits: (text: string) => boolean): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    const look = (): void => {
      const text = this.text();
      if (fits(text)) resolve(text);
    };
    this.#looks.add(look);
    const tell = setTimeout(() => console.error(`the screen has stayed at:\n${this.text()}`), TOLD_AFTER_MS);
    look();
    try {
      return await promise;
    } finally {
      clearTimeout(tell);
      this.#looks.delete(look);
    }
  }

  close(): void {
    spawnSync("tmux", ["-L", this.#server, "kill-server"]);
  }

  #tmux(...args: readonly string[]): string {
    return spawnSync("tmux", ["-L", this.#server, ...args], { encoding: "utf8" }).stdout;
  }
}

const TOLD_AFTER_MS = 60_000;

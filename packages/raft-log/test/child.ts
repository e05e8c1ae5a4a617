/** Runs a program of this directory in a process of its own. */
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface Child {
  readonly process: ChildProcess;
  /** What it writes to its standard output, by line. */
  readonly lines: AsyncIterable<string>;
  /** Resolves when it has ended, with its exit code, or the signal that ended it, and what it complained of. */
  readonly ended: Promise<{ readonly how: number | string; readonly errors: string }>;
}

export interface ChildOptions {
  readonly program: string;
  readonly args: readonly string[];
  /** A shell command in which `"$@"` starts the program. */
  readonly shell?: string;
  /** Words that stand before the shell. */
  readonly before?: readonly string[];
}

export function startChild(options: ChildOptions): Child {
  const program = fileURLToPath(new URL(options.program, import.meta.url));
  const words = [
    ...(options.before ?? []),
    "sh",
    "-c",
    options.shell ?? 'exec "$@"',
    "sh",
    process.execPath,
    "--conditions=@lattice/source",
    program,
    ...options.args,
  ];
  const child = spawn(words[0]!, words.slice(1), { stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  child.stderr.on("data", (data: Buffer) => {
    errors += data.toString();
  });
  const ended = new Promise<{ how: number | string; errors: string }>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ how: code ?? signal ?? "?", errors }));
  });
  return { process: child, lines: createInterface({ input: child.stdout }), ended };
}

/** Runs the tools of this workspace, wherever a script was started from. */
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";

export const root = join(import.meta.dirname, "..");

const environment: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: `${join(root, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`,
  TURBO_TELEMETRY_DISABLED: "1",
  TURBO_NO_UPDATE_NOTIFIER: "1",
};

export interface Outcome {
  readonly ok: boolean;
  /** All that was printed, and how it ended if it did not end well. */
  readonly output: string;
}

/** Runs a command at the root of the workspace. */
export async function run(command: readonly string[]): Promise<Outcome> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { cwd: root, env: environment, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const failure = await ended(child);
  return { ok: failure === undefined, output: failure === undefined ? output : `${output}${failure}\n` };
}

async function ended(child: ChildProcess): Promise<string | undefined> {
  return await new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => {
      if (code === 0) resolve(undefined);
      else resolve(signal === null ? `exit code ${code}` : `ended by ${signal}`);
    });
  });
}

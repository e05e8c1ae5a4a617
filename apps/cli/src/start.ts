/** Binds `main` to this process: its streams, signals and exit code. */
import process from "node:process";
import { settleServerMemory } from "./server-memory.ts";
import type { SignalName } from "./world.ts";

export async function start(): Promise<void> {
  settleServerMemory(process.argv.slice(2));
  const [{ main }, { systemNodeAccess }] = await Promise.all([
    import("./main.ts"),
    import("./node-access.ts"),
  ]);
  let isCutOff = false;
  let outlivesReader = false;
  process.stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
    if (outlivesReader) return;
    // Whoever reads us may stop reading (`lattice … | head`): nobody is left to tell.
    if (code === "EPIPE") process.exit(0);
    isCutOff = true;
    process.stderr.write(`error: the answer cannot be written: ${message}\n`, () => process.exit(1));
  });
  process.stderr.on("error", () => {});
  const code = await main({
    argv: process.argv.slice(2),
    env: process.env,
    input: process.stdin,
    output: process.stdout,
    errors: process.stderr,
    outliveReader: () => {
      outlivesReader = true;
    },
    node: systemNodeAccess,
    onSignal: (name, handler) => listen(name, handler),
  });
  await Promise.all([drain(process.stdout), drain(process.stderr)]);
  process.exit(isCutOff ? 1 : code);
}

function listen(name: SignalName, handler: () => void): () => void {
  process.on(name, handler);
  return () => process.off(name, handler);
}

/** When all is written, and what went wrong with it has been told. */
function drain(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableLength === 0) setImmediate(resolve);
    else stream.write("", () => resolve());
  });
}

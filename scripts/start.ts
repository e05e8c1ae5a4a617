/**
 * `pnpm start`: a node and its prompt in one process, built first where that is needed. What is built replaces this
 * process, so that terminal, signals and exit code are its own.
 */
import { join } from "node:path";
import { build } from "./build.ts";
import { root } from "./run.ts";

const TELL_AFTER_MS = 1500;

const telling = setTimeout(
  () => process.stderr.write("Building Lattice; this happens once…\n"),
  TELL_AFTER_MS,
);
const { ok, output } = await build();
clearTimeout(telling);

if (ok) {
  const program = join(root, "apps/cli/dist/lattice.js");
  process.execve!(
    process.execPath,
    [process.execPath, program, "--embedded", ...process.argv.slice(2)],
    process.env,
  );
} else {
  process.stderr.write(`${output}Lattice could not be built.\n`);
  process.exitCode = 1;
}

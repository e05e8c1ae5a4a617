/** Builds what changed since the last build: `pnpm build`. Silent, unless it fails. */
import { run, type Outcome } from "./run.ts";

export async function build(): Promise<Outcome> {
  return await run([
    "turbo",
    "run",
    "build",
    "--ui=stream",
    "--output-logs=errors-only",
    "--log-order=grouped",
  ]);
}

if (import.meta.main) {
  const { ok, output } = await build();
  if (!ok) {
    process.stderr.write(output);
    process.exitCode = 1;
  }
}

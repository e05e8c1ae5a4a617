/** From the words behind `lattice` to an exit code. */
import { streamConsole } from "./console.ts";
import { exitCodeOf, formatError, ToldError } from "./errors.ts";
import { readInvocation, type Invocation } from "./invocation.ts";
import type { ColorChoice } from "./print/paint.ts";
import { packageVersion } from "./version.ts";
import type { World } from "./world.ts";

export async function main(world: World): Promise<number> {
  let color: ColorChoice = "auto";
  try {
    const isTerminal = world.input.isTTY === true;
    const invocation = readInvocation(world.argv, { env: world.env, isTerminal });
    ({ color } = invocation);
    return await run(world, invocation);
  } catch (error) {
    if (!(error instanceof ToldError)) {
      const console = streamConsole(world, color);
      console.err(formatError(error, { json: world.argv.includes("--json"), paint: console.paintError }));
    }
    return exitCodeOf(error);
  }
}

/** What a mode needs is loaded only when it is that mode: help must come at once. */
async function run(world: World, invocation: Invocation): Promise<number> {
  switch (invocation.mode) {
    case "version":
      streamConsole(world).out(packageVersion());
      return 0;
    case "help": {
      const { processHelp } = await import("./help.ts");
      const console = streamConsole(world, invocation.color);
      for (const line of processHelp(console.paint)) console.out(line);
      return 0;
    }
    case "complete":
      return (await import("./modes/complete.ts")).runComplete(world, invocation);
    case "daemon":
      return (await import("./modes/daemon.ts")).runDaemon(world, invocation);
    case "repl":
    case "script":
    case "one-shot":
      return (await import("./modes/commands.ts")).runCommands(world, {
        ...invocation,
        mode: invocation.mode,
      });
  }
}

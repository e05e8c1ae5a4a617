/** Where lines go. The REPL has one that keeps them above the prompt. */
import type { World } from "./world.ts";

export interface Console {
  /** A line of the answer. */
  out(line: string): void;
  /** A line about the answer. */
  err(line: string): void;
}

export function streamConsole(world: Pick<World, "output" | "errors">): Console {
  return {
    out: (line) => void world.output.write(`${line}\n`),
    err: (line) => void world.errors.write(`${line}\n`),
  };
}

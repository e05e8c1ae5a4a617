/** Where lines go. The REPL has one that keeps them above the prompt. */
import { paintFor, type ColorChoice, type Paint } from "./print/paint.ts";
import { ProgressLine } from "./progress-line.ts";
import type { World } from "./world.ts";

export interface Console {
  /** A line of the answer. */
  out(line: string): void;
  /** A line about the answer. */
  err(line: string): void;
  /** The answer as it is, with nothing behind it. */
  bytes(content: Uint8Array): void;
  /** What is being waited for, where a terminal shows it; undefined: nothing any more. */
  progress(text: string | undefined): void;
  /** Whether a person sees the answer, and no program. */
  readonly isTerminal: boolean;
  /** Of lines of the answer, and of those about it. */
  readonly paint: Paint;
  readonly paintError: Paint;
}

export function streamConsole(
  world: Pick<World, "output" | "errors" | "env">,
  color: ColorChoice = "auto",
): Console {
  const progress = new ProgressLine(world);
  return {
    out: (line) => {
      progress.erase();
      world.output.write(`${line}\n`);
    },
    err: (line) => {
      progress.erase();
      world.errors.write(`${line}\n`);
    },
    bytes: (content) => {
      progress.erase();
      world.output.write(content);
    },
    progress: (text) => (text === undefined ? progress.erase() : progress.draw(text)),
    isTerminal: world.output.isTTY === true,
    ...paints(world, color),
  };
}

export function paints(
  world: Pick<World, "output" | "errors" | "env">,
  color: ColorChoice,
): Pick<Console, "paint" | "paintError"> {
  const { output, errors, env } = world;
  return {
    paint: paintFor(color, { isTerminal: output.isTTY === true, env }),
    paintError: paintFor(color, { isTerminal: errors.isTTY === true, env }),
  };
}

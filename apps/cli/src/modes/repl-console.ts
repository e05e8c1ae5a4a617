/**
 * The terminal of a REPL: a prompt with what is being typed, and lines that come above it at any time.
 *
 * Invariants
 *  1. While the prompt stands, a line is printed above it, and what was typed is drawn again below.
 *  2. After `close` lines go straight to the streams.
 */
import { createInterface, cursorTo, moveCursor, clearScreenDown, type Interface } from "node:readline";
import { paints, type Console } from "../console.ts";
import type { ColorChoice, Paint } from "../print/paint.ts";
import { ProgressLine } from "../progress-line.ts";
import type { World } from "../world.ts";
import { HISTORY_COUNT_MAX } from "../state-files.ts";

export interface ReplHandlers {
  line(text: string): void;
  /** Ctrl-C. */
  interrupt(): void;
  /** Ctrl-D, or the end of the input. */
  close(): void;
  complete(line: string): Promise<[string[], string]>;
  /** Takes the lines typed so far, the latest first; may take some out. */
  history(lines: string[]): void;
}

export class ReplConsole implements Console {
  readonly #world: Pick<World, "input" | "output" | "errors">;
  readonly #isTerminal: boolean;
  readonly isTerminal = true;
  readonly paint: Paint;
  readonly paintError: Paint;
  readonly #progress: ProgressLine;
  #interface: Interface | undefined;
  #isPrompting = false;

  constructor(world: Pick<World, "input" | "output" | "errors" | "env">, color: ColorChoice = "auto") {
    this.#world = world;
    this.#progress = new ProgressLine(world);
    ({ paint: this.paint, paintError: this.paintError } = paints(world, color));
    this.#isTerminal = world.output.isTTY === true && world.env["TERM"] !== "dumb";
  }

  open(handlers: ReplHandlers, history: string[]): void {
    const reader = createInterface({
      input: this.#world.input,
      output: this.#world.output,
      terminal: this.#isTerminal,
      history,
      historySize: HISTORY_COUNT_MAX,
      removeHistoryDuplicates: true,
      completer: (line: string, done: (error: Error | null, result: [string[], string]) => void) => {
        handlers.complete(line).then(
          (result) => done(null, result),
          () => done(null, [[], line]),
        );
      },
    });
    reader.on("line", (line) => {
      this.#isPrompting = false;
      handlers.line(line);
    });
    reader.on("SIGINT", () => handlers.interrupt());
    reader.on("close", () => handlers.close());
    reader.on("history", (lines: string[]) => handlers.history(lines));
    this.#interface = reader;
  }

  prompt(text: string): void {
    const reader = this.#interface;
    if (reader === undefined) return;
    this.#isPrompting = true;
    reader.setPrompt(text);
    reader.prompt();
  }

  /** Throws away what is typed, and gives a new prompt. Returns whether there was something. */
  discardTyped(): boolean {
    const reader = this.#interface;
    if (reader === undefined) return false;
    const hadText = reader.line !== "";
    // As a shell leaves it to be read: the prompt goes on below all of its rows. Ctrl-E goes to its end and Ctrl-U empties
    // it, through readline's own keys.
    if (this.#isTerminal) reader.write(null, { ctrl: true, name: "e" });
    this.#world.output.write("\n");
    if (this.#isTerminal) {
      startBelow(reader);
      reader.write(null, { ctrl: true, name: "u" });
    }
    return hadText;
  }

  /** Ends the line in which the prompt stands. */
  leavePrompt(): void {
    if (this.#isPrompting) this.#world.output.write("\n");
    this.#isPrompting = false;
  }

  close(): void {
    const reader = this.#interface;
    this.#interface = undefined;
    this.#isPrompting = false;
    reader?.close();
  }

  out(line: string): void {
    this.#progress.erase();
    if (this.#isPrompting) this.#above(line);
    else this.#world.output.write(`${line}\n`);
  }

  err(line: string): void {
    this.#progress.erase();
    if (this.#isPrompting) this.#above(line);
    else this.#world.errors.write(`${line}\n`);
  }

  bytes(content: Uint8Array): void {
    this.#progress.erase();
    this.#world.output.write(content);
  }

  progress(text: string | undefined): void {
    // Below a prompt there is no room for it.
    if (text === undefined || this.#isPrompting) this.#progress.erase();
    else this.#progress.draw(text);
  }

  #above(line: string): void {
    const { output } = this.#world;
    const reader = this.#interface!;
    if (!this.#isTerminal) {
      output.write(`\n${line}\n${reader.getPrompt()}${reader.line}`);
      return;
    }
    moveCursor(output, 0, -reader.getCursorPos().rows);
    cursorTo(output, 0);
    clearScreenDown(output);
    output.write(`${line}\n`);
    startBelow(reader);
    reader.prompt(true);
  }
}

/** Readline draws from where the cursor stands; it would else first go up as many rows as it drew before. */
function startBelow(reader: Interface): void {
  (reader as unknown as { prevRows: number }).prevRows = 0;
}

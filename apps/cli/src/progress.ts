/** Says what a command is at, once it has taken a second. */
import type { Console } from "./console.ts";
import { oneLine } from "./print/text.ts";

const SHOWN_AFTER_MS = 1_000;
const REDRAWN_EVERY_MS = 250;

export class Progress implements Disposable {
  readonly #console: Console;
  readonly #startMs = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #text: string;

  /** `text`: what is being done, such as the command as it was typed. */
  constructor(console: Console, text: string) {
    this.#console = console;
    this.#text = text;
    this.#timer = setTimeout(() => this.#run(), SHOWN_AFTER_MS).unref();
  }

  /** What it is at now. */
  tell(text: string): void {
    this.#text = text;
  }

  /** For good. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#console.progress(undefined);
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #run(): void {
    if (this.#timer === undefined) return;
    this.#draw();
    this.#timer = setInterval(() => this.#draw(), REDRAWN_EVERY_MS).unref();
  }

  #draw(): void {
    const seconds = Math.floor((performance.now() - this.#startMs) / 1_000);
    this.#console.progress(`${oneLine(this.#text)} … ${seconds} s`);
  }
}

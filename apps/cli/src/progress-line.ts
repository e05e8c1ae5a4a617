/**
 * The one line at the bottom of a terminal that says what is being waited for. It is drawn over, and gone when there is
 * something to say.
 */
import type { World } from "./world.ts";

const COLUMNS_DEFAULT = 80;
const ERASE = "\r\u001b[K";

export class ProgressLine {
  readonly #stream: World["errors"];
  readonly #isShown: boolean;
  #isDrawn = false;

  constructor(world: Pick<World, "errors" | "env">) {
    this.#stream = world.errors;
    this.#isShown = world.errors.isTTY === true && world.env["TERM"] !== "dumb";
  }

  draw(text: string): void {
    if (!this.#isShown) return;
    const width = (this.#stream.columns ?? COLUMNS_DEFAULT) - 1;
    this.#stream.write(ERASE + text.slice(0, width));
    this.#isDrawn = true;
  }

  erase(): void {
    if (this.#isDrawn) this.#stream.write(ERASE);
    this.#isDrawn = false;
  }
}

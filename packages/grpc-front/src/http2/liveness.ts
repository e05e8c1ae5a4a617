/** Whether the client is still there: it says hello in time, ends what it began, and answers when it was silent for long. */
import { HELLO_TIMEOUT_MS, PING_TIMEOUT_MS, SILENCE_MS } from "./limits.ts";

export class Liveness {
  readonly #openedMs: number;
  #hasSaidHello = false;
  /** Since the last look. */
  #hasHeard = false;
  #heardMs: number;
  #askedMs: number | undefined;

  constructor(nowMs: number) {
    this.#openedMs = nowMs;
    this.#heardMs = nowMs;
  }

  /** A whole frame came. Half of one says nothing: it may be all that ever comes. */
  heard(): void {
    this.#hasHeard = true;
    this.#hasSaidHello = true;
  }

  look(nowMs: number): "there" | "to be asked" | "gone" {
    if (this.#hasHeard) {
      this.#hasHeard = false;
      this.#heardMs = nowMs;
      this.#askedMs = undefined;
    }
    if (!this.#hasSaidHello) return nowMs - this.#openedMs > HELLO_TIMEOUT_MS ? "gone" : "there";
    if (this.#askedMs !== undefined) return nowMs - this.#askedMs > PING_TIMEOUT_MS ? "gone" : "there";
    if (nowMs - this.#heardMs < SILENCE_MS) return "there";
    this.#askedMs = nowMs;
    return "to be asked";
  }
}

/** The calls that run: bounded, and ended when their caller leaves or the server closes. */
import { LatticeError } from "@lattice/model";
import type { ServerResponse } from "node:http";

export class Calls {
  readonly #callsMax: number;
  readonly #running = new Set<AbortController>();
  #isClosed = false;

  constructor(callsMax: number) {
    this.#callsMax = callsMax;
  }

  get count(): number {
    return this.#running.size;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Throws `resource-exhausted` where too many run. */
  async run<T>(response: ServerResponse, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#running.size >= this.#callsMax) {
      throw new LatticeError(
        "resource-exhausted",
        `${this.#callsMax} calls run already: end some, or try again`,
      );
    }
    const controller = new AbortController();
    const onClose = (): void => controller.abort();
    response.on("close", onClose);
    if (response.destroyed) controller.abort();
    if (this.#isClosed) controller.abort(closedError());
    this.#running.add(controller);
    try {
      return await work(controller.signal);
    } finally {
      this.#running.delete(controller);
      response.off("close", onClose);
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const controller of this.#running) controller.abort(closedError());
  }
}

function closedError(): LatticeError {
  return new LatticeError("closed", "the node was closed");
}

/**
 * A stream of a node as server-sent events.
 *
 * Invariants
 *  1. The source is read only as fast as the reader takes: one event is under way, and nothing is kept here.
 *  2. Each event tells its position in `id`, an empty one where it has none: a browser that comes back then sends none.
 *  3. It ends with `end` or with `problem`, or it was cut off.
 *  4. A reader that takes nothing for `stallMs` is cut off.
 */
import type { ServerResponse } from "node:http";
import { hasPosition, positionOf } from "@lattice/api";
import { LatticeError } from "@lattice/model";
import type { IMessageType } from "@protobuf-ts/runtime";
import { RECONNECT_MS } from "./limits.ts";
import { EVENT_STREAM, type Encoding } from "./media.ts";
import { encodeEvent } from "./message-codec.ts";
import { problemOf, type Problem } from "./problem.ts";

export interface EventStreamOptions {
  readonly type: IMessageType<object>;
  readonly encoding: Encoding;
  readonly heartbeatMs: number;
  readonly stallMs: number;
  readonly signal: AbortSignal;
}

/** Rejects where the source failed before its first event: that is for an answer of its own, with a status. */
export async function sendEvents(
  response: ServerResponse,
  source: AsyncIterable<object>,
  options: EventStreamOptions,
): Promise<Problem | undefined> {
  const events = source[Symbol.asyncIterator]();
  const writer = new EventWriter(response, options);
  try {
    // What fails, fails at the start mostly. What has nothing to tell yet is opened all the same, so that its reader knows.
    let pending = events.next();
    await settledSoon(pending);
    writer.open();
    for (;;) {
      const { done, value } = await pending;
      if (done === true) break;
      await writer.event(value);
      pending = events.next();
    }
    writer.close("end", "{}");
    return undefined;
  } catch (error) {
    if (!writer.isOpen) throw error;
    const problem = problemOf(error);
    writer.close("problem", JSON.stringify(problem));
    return problem;
  } finally {
    writer.stop();
    void events.return?.();
  }
}

/** Rejects where the promise does so without waiting for anything of the world. */
async function settledSoon(promise: Promise<unknown>): Promise<void> {
  let failure: { readonly error: unknown } | undefined;
  promise.catch((error: unknown) => (failure = { error }));
  await new Promise((resolve) => setImmediate(resolve));
  if (failure !== undefined) throw failure.error;
}

class EventWriter {
  readonly #response: ServerResponse;
  readonly #options: EventStreamOptions;
  #heartbeat: NodeJS.Timeout | undefined;
  isOpen = false;

  constructor(response: ServerResponse, options: EventStreamOptions) {
    this.#response = response;
    this.#options = options;
  }

  open(): void {
    this.isOpen = true;
    this.#response.writeHead(200, {
      "content-type": `${EVENT_STREAM}; charset=utf-8`,
      "cache-control": "no-store",
      // For proxies that would collect a while before they send.
      "x-accel-buffering": "no",
    });
    this.#response.write(`retry: ${RECONNECT_MS}\n\n`);
    this.#heartbeat = setInterval(() => {
      // A reader that is behind has enough to read.
      if (!this.#response.writableNeedDrain) this.#response.write(": \n\n");
    }, this.#options.heartbeatMs);
  }

  async event(message: object): Promise<void> {
    const { type, encoding, signal, stallMs } = this.#options;
    signal.throwIfAborted();
    const data = `data: ${encodeEvent(type, message, encoding)}\n\n`;
    const id = hasPosition(type)
      ? `id: ${Buffer.from(positionOf(type, message)).toString("base64url")}\n`
      : "";
    if (!this.#response.write(id + data)) await drained(this.#response, { signal, stallMs });
  }

  close(type: "end" | "problem", data: string): void {
    this.stop();
    if (!this.#response.destroyed) this.#response.end(`event: ${type}\ndata: ${data}\n\n`);
  }

  stop(): void {
    clearInterval(this.#heartbeat);
  }
}

/** Rejects, and cuts the reader off, where it takes nothing for too long. */
async function drained(
  response: ServerResponse,
  { signal, stallMs }: { signal: AbortSignal; stallMs: number },
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = (): void => reject(signal.reason as Error);
  const timer = setTimeout(() => {
    response.destroy();
    reject(new LatticeError("timeout", "the reader of the stream took nothing for too long"));
  }, stallMs);
  response.once("drain", resolve);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    response.off("drain", resolve);
    signal.removeEventListener("abort", onAbort);
  }
}

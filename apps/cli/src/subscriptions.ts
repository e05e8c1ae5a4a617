/**
 * Streams that run in the background of a REPL or script, each with a number.
 *
 * Invariants
 *  1. A stream that was stopped prints nothing more.
 *  2. Numbers are not used again.
 */
import { LatticeError } from "@lattice/model";
import { oneLine } from "./print/text.ts";

export interface Subscription {
  readonly id: number;
  /** As it was typed. */
  readonly label: string;
}

interface Running extends Subscription {
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

export interface StreamSource {
  readonly label: string;
  /** Lines to print. */
  open(signal: AbortSignal): AsyncIterable<string>;
}

export interface LineSink {
  line(id: number, text: string): void;
  /** `error` is undefined where the node ended the stream in good order. */
  ended(id: number, error: LatticeError | undefined): void;
}

export class Subscriptions {
  readonly #running = new Map<number, Running>();
  #lastId = 0;

  start(source: StreamSource, sink: LineSink): Subscription {
    const id = ++this.#lastId;
    const abort = new AbortController();
    const ended = this.#pump({ id, source, sink, signal: abort.signal });
    const running = { id, label: source.label, abort, ended };
    this.#running.set(id, running);
    return running;
  }

  list(): readonly Subscription[] {
    return [...this.#running.values()];
  }

  async stop(id: number): Promise<void> {
    const running = this.#running.get(id);
    if (running === undefined)
      throw new LatticeError("not-found", `no stream #${id} runs; "subs" lists them`);
    this.#running.delete(id);
    running.abort.abort();
    await running.ended;
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((id) => this.stop(id)));
  }

  /** When all that run now have come to their end. */
  async ended(): Promise<void> {
    await Promise.all([...this.#running.values()].map((running) => running.ended));
  }

  async #pump(pump: {
    id: number;
    source: StreamSource;
    sink: LineSink;
    signal: AbortSignal;
  }): Promise<void> {
    const { id, source, sink, signal } = pump;
    let failure: LatticeError | undefined;
    try {
      for await (const line of untilAborted(source.open(signal), signal)) sink.line(id, line);
    } catch (error) {
      failure = LatticeError.from(error);
    }
    if (signal.aborted) return;
    this.#running.delete(id);
    sink.ended(id, failure);
  }
}

/** Ends, without an error, as soon as the signal says so, whatever the stream itself makes of the signal. */
export async function* untilAborted<T>(stream: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = stream[Symbol.asyncIterator]();
  const aborted = Promise.withResolvers<"aborted">();
  const onAbort = () => aborted.resolve("aborted");
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    while (true) {
      const next = iterator.next();
      const result = await Promise.race([next, aborted.promise]);
      if (result === "aborted") {
        next.catch(() => {});
        return;
      }
      if (result.done === true) return;
      yield result.value;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
    // Not awaited: a stream that hangs must not hold up whoever stopped it.
    iterator.return?.().catch(() => {});
  }
}

export function describeEnd(error: LatticeError | undefined): string {
  return error === undefined ? "ended" : `failed: ${oneLine(error.message)}`;
}

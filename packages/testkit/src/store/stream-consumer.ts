/** Who reads a stream in the checks, one event after the other. */
import { toHex } from "@lattice/model";
import { MICROTASKS_MAX, STREAM_EVENTS_MAX, TURNS_MAX } from "../limits.ts";
import { inWords } from "../message/in-words.ts";
import { ContractViolation } from "./contract-violation.ts";
import type { MemoryReplica } from "./memory-replica.ts";
import { encodeReply, promisedError, type MethodOf } from "./method-call.ts";

export type Next =
  | { readonly kind: "event"; readonly hex: string }
  | { readonly kind: "done" | "waiting" | "refused" };

/** Something that happens while an event is waited for. */
export interface Meanwhile {
  /** Behind so many microtasks. */
  readonly microtasks: number;
  readonly run: () => void;
}

/** Never waits longer than all else takes that is ready to run. */
export class Consumer {
  readonly replica: MemoryReplica;
  readonly #method: MethodOf<"stream">;
  readonly #message: object;
  readonly #stop = new AbortController();
  readonly #events: AsyncIterator<object>;
  #pending: Promise<Next> | undefined;

  constructor(method: MethodOf<"stream">, replica: MemoryReplica, message: object) {
    this.replica = replica;
    this.#method = method;
    this.#message = message;
    this.#events = method.run(replica.streamContext(), message, this.#stop.signal)[Symbol.asyncIterator]();
  }

  get name(): string {
    return this.#method.info.localName;
  }

  abort(): void {
    this.#stop.abort();
  }

  async leave(): Promise<void> {
    await this.#events.return?.();
  }

  async next(meanwhile?: Meanwhile): Promise<Next> {
    this.#pending ??= this.#next();
    if (meanwhile !== undefined) {
      for (let count = 0; count < meanwhile.microtasks; count++) await Promise.resolve();
      meanwhile.run();
    }
    const found = await settledWithin(this.#pending, TURNS_MAX);
    if (found === undefined) return { kind: "waiting" };
    this.#pending = undefined;
    return found;
  }

  /** Asks for the next event; says how many microtasks that takes, of those that are looked at. */
  async microtasksOfNext(): Promise<number> {
    let hasSettled = false;
    const settle = (): void => void (hasSettled = true);
    (this.#pending ??= this.#next()).then(settle, settle);
    let count = 0;
    for (; count < MICROTASKS_MAX && !hasSettled; count++) await Promise.resolve();
    return count;
  }

  /** Reads on until the stream waits for a change; gives the events, encoded. */
  async readAll(): Promise<readonly string[]> {
    const events: string[] = [];
    while (events.length < STREAM_EVENTS_MAX) {
      const next = await this.next();
      if (next.kind === "waiting") return events;
      if (next.kind !== "event") throw new ContractViolation(`the stream ${this.name} ended by itself`);
      events.push(next.hex);
    }
    throw new ContractViolation(`the stream ${this.name} told ${STREAM_EVENTS_MAX} events of a few ops`);
  }

  /** Ends the stream by its signal, and reads what it still tells. */
  async abortAndDrain(when = "its signal was aborted"): Promise<void> {
    this.abort();
    for (let count = 0; count < STREAM_EVENTS_MAX; count++) {
      const { kind } = await this.next();
      if (kind === "done" || kind === "refused") return this.assertNothingLeft(when);
      if (kind === "waiting") break;
    }
    throw new ContractViolation(`the stream ${this.name} does not end when ${when}`);
  }

  assertNothingLeft(when: string): void {
    const { subscriptionCount } = this.replica;
    if (subscriptionCount === 0) return;
    throw new ContractViolation(
      `the stream ${this.name} is still subscribed to changes when ${when}. The request: ${inWords(this.#message)}`,
    );
  }

  async #next(): Promise<Next> {
    try {
      const { done, value } = (await this.#events.next()) as IteratorResult<object, undefined>;
      if (done === true) return { kind: "done" };
      return { kind: "event", hex: toHex(encodeReply(this.#method, value)) };
    } catch (error) {
      if (!this.#stop.signal.aborted) promisedError(this.#method, this.#message, error);
      return { kind: "refused" };
    }
  }
}

/** Undefined where the promise waits for something that does not come by itself. */
async function settledWithin<T>(promise: Promise<T>, turns: number): Promise<T | undefined> {
  let found: { value: T } | undefined;
  const noting = promise.then((value) => {
    found = { value };
  });
  for (let turn = 0; turn < turns && found === undefined; turn++) {
    await Promise.race([noting, new Promise((resolve) => setImmediate(resolve))]);
  }
  return found?.value;
}

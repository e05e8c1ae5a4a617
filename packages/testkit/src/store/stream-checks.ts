/** Of a store type: a stream begins with what there is, tells what changes, and leaves nothing behind when it ends. */
import fc from "fast-check";
import { STREAM_EVENTS_MAX, TURNS_MAX } from "../limits.ts";
import { inWords } from "../message/in-words.ts";
import { ContractViolation } from "./contract-violation.ts";
import { holdForAll } from "./hold-for-all.ts";
import type { MemoryReplica } from "./memory-replica.ts";
import {
  assertAnswered,
  beginCall,
  callCases,
  encodeReply,
  methodsOf,
  promisedError,
  type CallCase,
  type MethodOf,
} from "./method-call.ts";
import { written } from "./op-dag.ts";
import type { StoreUnderTest, Writing } from "./store-under-test.ts";

/** What a stream may do from its beginning to its end, however that comes. */
export async function checkStreams(under: StoreUnderTest): Promise<void> {
  for (const method of methodsOf(under, "stream")) await checkStream(under, method);
}

async function checkStream(under: StoreUnderTest, method: MethodOf<"stream">): Promise<void> {
  let answeredCount = 0;
  let changesTold = 0;
  const cases: fc.Arbitrary<StreamCase> = fc
    .tuple(callCases(under, method), fc.array(under.ops, { minLength: 1, maxLength: 4 }))
    .map(([call, writings]) => ({ ...call, writings }));
  await holdForAll(under, cases, async (found) => {
    const { replica, message } = beginCall(under, method, found);
    const before = replica.state.dump();
    const told = await followToTheEnd(new Consumer(method, replica, message), found.writings, before);
    if (told === undefined) return;
    await leaveAtOnce(new Consumer(method, replica, message));
    await abortEarly(new Consumer(method, replica, message));
    answeredCount += 1;
    changesTold += told;
  });
  assertAnswered(under, method, answeredCount);
  if (changesTold === 0) {
    throw new ContractViolation(
      `the stream ${method.info.localName} of ${under.type.type} told nothing of any op that came while it was read`,
    );
  }
}

interface StreamCase extends CallCase {
  /** What is submitted while the stream is read. */
  readonly writings: readonly Writing<any>[];
}

/** Its consumer leaves the loop behind the first event; no signal tells the stream. */
async function leaveAtOnce(consumer: Consumer): Promise<void> {
  await consumer.next();
  await consumer.leave();
  consumer.assertNothingLeft("its consumer left");
}

/** Whoever asked has gone before the first event. */
async function abortEarly(consumer: Consumer): Promise<void> {
  consumer.abort();
  await consumer.drain("its signal was aborted before it began");
  consumer.assertNothingLeft("its signal was aborted before it began");
}

/** The number of events that changes made; undefined where the request was refused. */
async function followToTheEnd(
  consumer: Consumer,
  writings: readonly Writing<any>[],
  before: string,
): Promise<number | undefined> {
  const { replica, name } = consumer;
  const first = await consumer.next();
  if (first.kind === "refused") return undefined;
  if (first.kind !== "event") {
    throw new ContractViolation(
      first.kind === "done"
        ? `the stream ${name} ended by itself`
        : `the stream ${name} told nothing until something changed; it has to begin with what there is`,
    );
  }
  await consumer.readAll();
  if (replica.state.dump() !== before) throw new ContractViolation(`the stream ${name} changed the state`);
  for (const writing of writings) {
    replica.submit(written(writing, { replica: () => replica, world: replica.log }));
  }
  const told = await consumer.readAll();
  consumer.abort();
  await consumer.drain("its signal was aborted");
  consumer.assertNothingLeft("its signal was aborted");
  return told;
}

type Next = { readonly kind: "event" | "done" | "waiting" | "refused" };

/** Who reads a stream, one event after the other, and never waits longer than all else takes that is ready to run. */
class Consumer {
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

  async next(): Promise<Next> {
    this.#pending ??= this.#next();
    const found = await settledWithin(this.#pending, TURNS_MAX);
    if (found === undefined) return { kind: "waiting" };
    this.#pending = undefined;
    return found;
  }

  /** Reads on until the stream waits for a change; says how many events there were. */
  async readAll(): Promise<number> {
    for (let count = 0; count < STREAM_EVENTS_MAX; count++) {
      const { kind } = await this.next();
      if (kind === "waiting") return count;
      if (kind !== "event") throw new ContractViolation(`the stream ${this.name} ended by itself`);
    }
    throw new ContractViolation(`the stream ${this.name} told ${STREAM_EVENTS_MAX} events of a few ops`);
  }

  /** Reads what is still told of a stream that has to end now. */
  async drain(when: string): Promise<void> {
    for (let count = 0; count < STREAM_EVENTS_MAX; count++) {
      const { kind } = await this.next();
      if (kind === "done" || kind === "refused") return;
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
      encodeReply(this.#method, value);
      return { kind: "event" };
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

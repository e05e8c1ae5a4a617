/**
 * One node's copy of a store, for tests of its type. No disk, no network, no clock: time is a counter.
 *
 * It does with a store type what the kernel does: an op comes once, after what it depends on, its payload decoded from
 * the bytes that travel; a `Refusal` takes back what its op wrote, and so does a row that no storage takes. Where the
 * kernel records any other error of `apply` as a refusal, too, this one throws it on: it is a fault of the type.
 */
import {
  assert,
  Broadcast,
  bytesKey,
  compareBytes,
  concatBytes,
  LatticeError,
  toHex,
  u64be,
  type Hlc,
  type IntentionId,
  type PubKey,
} from "@lattice/model";
import {
  Refusal,
  type Change,
  type CommandContext,
  type Gap,
  type Methods,
  type Op,
  type QueryContext,
  type StoreMethod,
  type StoreType,
  type StreamContext,
  type Submitted,
} from "@lattice/store";
import { authorNamed } from "../fakes/named-keys.ts";
import { CHANGES_PENDING_MAX, CLOCK_START, PAYLOAD_BYTES_MAX } from "../limits.ts";
import { composeOp, readOp, type MemoryOp } from "./memory-op.ts";
import { MemoryState } from "./memory-state.ts";

export interface ReplicaOptions {
  /** Any name; the author's key is made from it. */
  readonly author: string;
  /** Where the clock starts, an HLC. It goes on by one with every op. */
  readonly clock?: bigint;
}

/** What it submits it applies at once. */
export class MemoryReplica<Client = unknown> {
  readonly type: StoreType<Client>;
  readonly author: PubKey;
  /** In the order in which they were applied. */
  readonly log: MemoryOp[] = [];
  /** Id in hex → reason. Of a row out of bounds the kernel records no words, and here they say how long it would be. */
  readonly refused = new Map<string, string>();
  /** Of the store type's service, typed, as a store of a node has them. */
  readonly methods: Methods<Client>;
  /** While true, ops are applied but not yet on disk: their changes wait for `flush()`. */
  holdsChanges = false;

  readonly #options: ReplicaOptions;
  readonly #byId = new Map<string, MemoryOp>();
  readonly #heads = new Map<string, IntentionId>();
  readonly #seqByAuthor = new Map<string, number>();
  readonly #subscriptions = new Set<object>();
  readonly #changes = new Broadcast<Change<unknown> | Gap>({
    pendingMax: CHANGES_PENDING_MAX,
    gap: ({ position }) => ({ kind: "gap", position }),
  });
  #state: MemoryState;
  #waiting: Change<unknown>[] = [];
  #clock: bigint;

  constructor(type: StoreType<Client>, options: ReplicaOptions) {
    this.type = type;
    this.author = authorNamed(options.author);
    this.#options = options;
    this.#state = new MemoryState(type.tables);
    this.#clock = options.clock ?? CLOCK_START;
    const methods = [...type.methods].map(([name, method]) => [name, this.#callerOf(method)]);
    this.methods = Object.fromEntries(methods) as Methods<Client>;
  }

  get state(): MemoryState {
    return this.#state;
  }

  /** Streams that have subscribed to changes and have not ended. */
  get subscriptionCount(): number {
    return this.#subscriptions.size;
  }

  has(id: IntentionId): boolean {
    return this.#byId.has(bytesKey(id));
  }

  /** Undefined where it is not held, or is no op of the store's type. */
  op(id: IntentionId): Op<any> | undefined {
    const entry = this.#byId.get(bytesKey(id));
    return entry && readOp(this.type, entry);
  }

  /** An op as this replica would write it now, not applied. */
  compose(payload: object, author: PubKey = this.author): MemoryOp {
    const { payload: message } = this.type;
    const bytes = message.toBinary(message.create(payload));
    const seq = (this.#seqByAuthor.get(bytesKey(author)) ?? 0) + 1;
    const timestamp = (this.#clock + 1n) as Hlc;
    const parents = [...this.#heads.values()].sort(compareBytes);
    return composeOp(this.type, { author, seq, timestamp, parents, bytes });
  }

  /** Throws `too-large` for what no intention holds. */
  submit(payload: object): MemoryOp {
    const composed = this.compose(payload);
    const { length } = composed.bytes;
    if (length > PAYLOAD_BYTES_MAX) {
      throw new LatticeError(
        "too-large",
        `a write of ${length} bytes is over the limit of ${PAYLOAD_BYTES_MAX}`,
      );
    }
    this.apply(composed);
    return composed;
  }

  /** Applies an op whose parents are here; says whether it was new. */
  apply(entry: MemoryOp): boolean {
    if (this.has(entry.op.id)) return false;
    this.#note(entry);
    this.#publish({ kind: "change", events: this.#applyToState(entry), position: this.position() });
    return true;
  }

  /** Applies what the other has and this one lacks, in the other's order. */
  pull(other: MemoryReplica<Client>): void {
    for (const entry of other.log) this.apply(entry);
  }

  /** All that was applied is on disk: the changes that waited are told, as one. */
  flush(): void {
    const position = this.#waiting.at(-1)?.position;
    if (position === undefined) return;
    const events = this.#waiting.splice(0).flatMap((change) => change.events);
    if (events.length > 0) this.#changes.publish({ kind: "change", events, position });
  }

  /** What the next process makes of what is on disk: the same log and rows, and nothing else that was in memory. */
  reopen(): MemoryReplica<Client> {
    const next = new MemoryReplica(this.type, this.#options);
    for (const entry of this.log) next.#note(entry);
    for (const [id, reason] of this.refused) next.refused.set(id, reason);
    next.#state = new MemoryState(this.type.tables, this.state.rows());
    return next;
  }

  position(): Uint8Array {
    return concatBytes(u64be(0), u64be(this.log.length));
  }

  opsSince(position: Uint8Array): Iterable<Op<any>> | undefined {
    const count = [...Array(this.log.length + 1).keys()].find(
      (index) => compareBytes(concatBytes(u64be(0), u64be(index)), position) === 0,
    );
    if (count === undefined) return undefined;
    return this.log.slice(count).flatMap((entry) => readOp(this.type, entry) ?? []);
  }

  queryContext(): QueryContext<any> {
    return { read: { table: (name) => this.state.reader.table(name) }, op: (id) => this.op(id) };
  }

  commandContext(): CommandContext<any> {
    return {
      ...this.queryContext(),
      author: this.author,
      submit: (payload) => this.#submitted(payload),
    };
  }

  streamContext(): StreamContext<any, any> {
    return {
      ...this.queryContext(),
      position: () => this.position(),
      opsSince: (position) => this.opsSince(position),
      changes: (signal) => this.#subscribe(signal),
    };
  }

  async #submitted(payload: object): Promise<Submitted> {
    const { op } = this.submit(payload);
    return { id: op.id, hash: op.hash };
  }

  /** Takes an op into the log. */
  #note(entry: MemoryOp): void {
    const { op, parents } = entry;
    assert(
      parents.every((parent) => this.has(parent)),
      "delivery is causal",
    );
    for (const parent of parents) this.#heads.delete(bytesKey(parent));
    this.#heads.set(bytesKey(op.id), op.id);
    this.#byId.set(bytesKey(op.id), entry);
    this.log.push(entry);
    const seq = this.#seqByAuthor.get(bytesKey(op.author)) ?? 0;
    this.#seqByAuthor.set(bytesKey(op.author), Math.max(seq, op.seq));
    if (op.timestamp > this.#clock) this.#clock = op.timestamp;
  }

  #applyToState(entry: MemoryOp): readonly unknown[] {
    const op = readOp(this.type, entry);
    try {
      if (op === undefined) throw new Refusal("undecodable");
      return this.state.transaction((tx) => this.type.apply(tx, op));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.refused.set(toHex(entry.op.id), error.message);
      return [];
    }
  }

  #publish(change: Change<unknown>): void {
    this.#waiting.push(change);
    if (!this.holdsChanges) this.flush();
  }

  #subscribe(signal: AbortSignal): AsyncIterable<Change<any> | Gap> {
    const changes = this.#changes.subscribe(signal)[Symbol.asyncIterator]();
    const end = (): void => void this.#subscriptions.delete(changes);
    if (!signal.aborted) this.#subscriptions.add(changes);
    signal.addEventListener("abort", end, { once: true });
    const iterator: AsyncIterator<Change<any> | Gap> = {
      next: () => changes.next(),
      return: () => {
        end();
        return changes.return!();
      },
    };
    return { [Symbol.asyncIterator]: () => iterator };
  }

  #callerOf(method: StoreMethod): unknown {
    const { info } = method;
    switch (method.kind) {
      case "stream":
        return (request: object, options?: { signal?: AbortSignal }) =>
          method.run(
            this.streamContext(),
            info.I.create(request),
            options?.signal ?? new AbortController().signal,
          );
      case "command":
        return async (request: object) =>
          info.O.create(await method.run(this.commandContext(), info.I.create(request)));
      case "query":
        return async (request: object) =>
          info.O.create(await method.run(this.queryContext(), info.I.create(request)));
    }
  }
}

/** Also what the storage throws for a row out of its bounds. */
function isRefusal(error: unknown): error is Error {
  if (error instanceof Refusal) return true;
  return error instanceof LatticeError && (error.code === "too-large" || error.code === "invalid-argument");
}

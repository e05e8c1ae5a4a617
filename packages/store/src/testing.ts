/**
 * For tests of store types: a store's state in memory, one node's copy of a store around it, and the check
 * that a type gives one state for every causally consistent order. No disk, no network, no clock: time is a counter.
 */
import {
  assert,
  bytesFromKey,
  bytesKey,
  compareBytes,
  concatBytes,
  makeId,
  sha256,
  toHex,
  u64be,
  utf8,
  type Hlc,
  type IntentionId,
  type PubKey,
} from "@lattice/model";
import type { Change, CommandContext, Gap, StreamContext, Submitted } from "./context.ts";
import type { StoreMethod, StoreType } from "./define-store.ts";
import type { Methods } from "./methods.ts";
import {
  Refusal,
  type Op,
  type StateRange,
  type StateReader,
  type StateTable,
  type StateTx,
} from "./state.ts";

/** A table in memory. Lists its keys in order when asked to, which costs their sorting after each write. */
class MemoryTable implements StateTable {
  readonly #rows = new Map<string, Uint8Array>();
  readonly #undo: (() => void)[];
  #sorted: string[] | undefined = [];
  #version = 0;

  constructor(undo: (() => void)[]) {
    this.#undo = undo;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#rows.get(bytesKey(key));
  }

  has(key: Uint8Array): boolean {
    return this.#rows.has(bytesKey(key));
  }

  count(): number {
    return this.#rows.size;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    assert(key.length > 0, "a row's key is not empty");
    this.#set(bytesKey(key), new Uint8Array(value));
  }

  delete(key: Uint8Array): boolean {
    const name = bytesKey(key);
    if (!this.#rows.has(name)) return false;
    this.#set(name, undefined);
    return true;
  }

  *range(range: StateRange = {}): Iterable<readonly [Uint8Array, Uint8Array]> {
    const version = this.#version;
    const names = this.#keysIn(range);
    for (const name of names) {
      assert(version === this.#version, "a range is not continued after a write to its table");
      yield [bytesFromKey(name), this.#rows.get(name)!];
    }
  }

  #keysIn(range: StateRange): readonly string[] {
    this.#sorted ??= [...this.#rows.keys()].sort();
    const { gte, gt, lt, lte, reverse, limit } = range;
    const within = this.#sorted.filter(
      (name) =>
        (gte === undefined || name >= bytesKey(gte)) &&
        (gt === undefined || name > bytesKey(gt)) &&
        (lt === undefined || name < bytesKey(lt)) &&
        (lte === undefined || name <= bytesKey(lte)),
    );
    if (reverse === true) within.reverse();
    return within.slice(0, limit);
  }

  #set(name: string, value: Uint8Array | undefined): void {
    const before = this.#rows.get(name);
    this.#undo.push(() => this.#write(name, before));
    this.#write(name, value);
  }

  #write(name: string, value: Uint8Array | undefined): void {
    this.#version += 1;
    if (value === undefined || !this.#rows.has(name)) this.#sorted = undefined;
    if (value === undefined) this.#rows.delete(name);
    else this.#rows.set(name, value);
  }
}

export class MemoryState implements StateReader, StateTx {
  readonly #tables: ReadonlyMap<string, MemoryTable>;
  readonly #undo: (() => void)[] = [];

  constructor(tables: readonly string[]) {
    this.#tables = new Map(tables.map((name) => [name, new MemoryTable(this.#undo)]));
  }

  table(name: string): StateTable {
    const table = this.#tables.get(name);
    assert(table !== undefined, `the store type declared the table ${name}`);
    return table;
  }

  /** Keeps what `body` wrote; if it throws, nothing of it. */
  transaction<T>(body: (tx: StateTx) => T): T {
    this.#undo.length = 0;
    try {
      return body(this);
    } catch (error) {
      for (const undo of this.#undo.splice(0).reverse()) undo();
      throw error;
    }
  }

  /** Every row of every table, in hex: equal texts, equal states. */
  dump(): string {
    const lines: string[] = [];
    for (const [name, table] of this.#tables) {
      for (const [key, value] of table.range()) lines.push(`${name} ${toHex(key)} ${toHex(value)}`);
    }
    return lines.join("\n");
  }
}

/** An op with its place in the DAG. */
export interface MemoryOp {
  readonly op: Op<any>;
  /** Ids of the DAG's heads that its author had seen. */
  readonly parents: readonly IntentionId[];
}

export interface ReplicaOptions {
  /** Any name; the author's key is made from it. */
  readonly author: string;
  /** Where the clock starts. It goes on by one with every op. */
  readonly clock?: bigint;
}

const CHANGES_WAITING_MAX = 1024;

/** One node's copy of a store. What it submits it applies at once. */
export class MemoryReplica<Client> {
  readonly type: StoreType<Client>;
  readonly author: PubKey;
  readonly state: MemoryState;
  /** In the order in which they were applied. */
  readonly log: MemoryOp[] = [];
  /** Id in hex → reason. */
  readonly refused = new Map<string, string>();
  readonly methods: Methods<Client>;
  /** While true, ops are applied but not yet on disk: their changes wait for `flush()`. */
  holdsChanges = false;

  readonly #byId = new Map<string, MemoryOp>();
  readonly #heads = new Map<string, IntentionId>();
  readonly #seqByAuthor = new Map<string, number>();
  readonly #subscribers = new Set<Subscriber>();
  #waiting: Change<unknown>[] = [];
  #clock: bigint;

  constructor(type: StoreType<Client>, options: ReplicaOptions) {
    this.type = type;
    this.author = authorNamed(options.author);
    this.state = new MemoryState(type.tables);
    this.#clock = options.clock ?? 1n << 16n;
    const methods = [...type.methods].map(([name, method]) => [name, this.#callerOf(method)]);
    this.methods = Object.fromEntries(methods) as Methods<Client>;
  }

  has(id: IntentionId): boolean {
    return this.#byId.has(bytesKey(id));
  }

  op(id: IntentionId): Op<any> | undefined {
    return this.#byId.get(bytesKey(id))?.op;
  }

  /** An op as this replica would write it now, not applied. */
  compose(payload: object, author: PubKey = this.author): MemoryOp {
    const { payload: message } = this.type;
    const bytes = message.toBinary(message.create(payload));
    const seq = (this.#seqByAuthor.get(bytesKey(author)) ?? 0) + 1;
    const timestamp = (this.#clock + 1n) as Hlc;
    const parents = [...this.#heads.values()].sort(compareBytes);
    const hash = sha256(concatBytes(author, u64be(seq), u64be(timestamp), ...parents, bytes));
    const id = makeId(timestamp, hash);
    return { op: { id, hash, author, seq, timestamp, payload: message.fromBinary(bytes) }, parents };
  }

  submit(payload: object): MemoryOp {
    const composed = this.compose(payload);
    this.apply(composed);
    return composed;
  }

  /** Applies an op whose parents are here; says whether it was new. */
  apply(entry: MemoryOp): boolean {
    const { op, parents } = entry;
    if (this.has(op.id)) return false;
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
    this.#publish({ kind: "change", events: this.#applyToState(op), position: this.position() });
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
    for (const subscriber of this.#subscribers) subscriber.push({ kind: "change", events, position });
  }

  position(): Uint8Array {
    return concatBytes(u64be(0), u64be(this.log.length));
  }

  opsSince(position: Uint8Array): Iterable<Op<any>> | undefined {
    const count = [...Array(this.log.length + 1).keys()].find(
      (index) => compareBytes(concatBytes(u64be(0), u64be(index)), position) === 0,
    );
    return count === undefined ? undefined : this.log.slice(count).map((entry) => entry.op);
  }

  context(): CommandContext<any> & StreamContext<any, any> {
    return {
      author: this.author,
      read: this.state,
      op: (id) => this.op(id),
      submit: (payload) => this.#submitted(payload),
      position: () => this.position(),
      opsSince: (position) => this.opsSince(position),
      changes: (signal) => this.#subscribe(signal),
    };
  }

  async #submitted(payload: object): Promise<Submitted> {
    const { op } = this.submit(payload);
    return { id: op.id, hash: op.hash };
  }

  #applyToState(op: Op<any>): readonly unknown[] {
    try {
      return this.state.transaction((tx) => this.type.apply(tx, op));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.refused.set(toHex(op.id), error.message);
      return [];
    }
  }

  #publish(change: Change<unknown>): void {
    this.#waiting.push(change);
    if (!this.holdsChanges) this.flush();
  }

  #subscribe(signal: AbortSignal): AsyncIterable<Change<any> | Gap> {
    const subscriber = new Subscriber(signal, () => this.#subscribers.delete(subscriber));
    this.#subscribers.add(subscriber);
    return subscriber;
  }

  #callerOf(method: StoreMethod): unknown {
    if (method.kind === "stream") {
      return (request: object, options?: { signal?: AbortSignal }) =>
        method.run(
          this.context(),
          method.info.I.create(request),
          options?.signal ?? new AbortController().signal,
        );
    }
    return async (request: object) =>
      method.info.O.create(await method.run(this.context(), method.info.I.create(request)));
  }
}

/** What one consumer has not read yet: changes up to a bound, then one gap in their place. */
class Subscriber implements AsyncIterable<Change<any> | Gap> {
  readonly #signal: AbortSignal;
  readonly #end: () => void;
  #queue: (Change<any> | Gap)[] = [];
  #wake: () => void = () => {};

  constructor(signal: AbortSignal, end: () => void) {
    this.#signal = signal;
    this.#end = end;
    signal.addEventListener("abort", () => {
      this.#end();
      this.#wake();
    });
  }

  push(change: Change<any>): void {
    const last = this.#queue.at(-1);
    if (last?.kind === "gap" || this.#queue.length >= CHANGES_WAITING_MAX) {
      this.#queue = [{ kind: "gap", position: change.position }];
    } else {
      this.#queue.push(change);
    }
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Change<any> | Gap> {
    try {
      while (!this.#signal.aborted) {
        const next = this.#queue.shift();
        if (next !== undefined) yield next;
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      this.#end();
    }
  }
}

export function authorNamed(name: string): PubKey {
  return sha256(utf8(name)) as Uint8Array as PubKey;
}

/** Numbers from 0 up to, not including, `bound`; the same for the same seed (mulberry32). */
export function seededRandom(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

/** A random order in which everything comes after its parents. */
export function causalOrder(
  ops: readonly MemoryOp[],
  random: (bound: number) => number,
): readonly MemoryOp[] {
  const left = [...ops];
  const placed = new Set<string>();
  const order: MemoryOp[] = [];
  while (left.length > 0) {
    const ready = left.filter((entry) => entry.parents.every((parent) => placed.has(bytesKey(parent))));
    assert(ready.length > 0, "the parents of every op are among the ops");
    const next = ready[random(ready.length)]!;
    left.splice(left.indexOf(next), 1);
    placed.add(bytesKey(next.op.id));
    order.push(next);
  }
  return order;
}

export interface ConvergenceOptions<Client> {
  readonly seed: number;
  readonly authorCount: number;
  readonly opCount: number;
  /** In how many orders the ops are delivered. */
  readonly orderCount: number;
  /**
   * A payload for the replica to submit; hostile ones included, for which `world` has every id there is, also those that
   * the replica has not seen.
   */
  payload(
    random: (bound: number) => number,
    replica: MemoryReplica<Client>,
    world: readonly IntentionId[],
  ): object;
}

/**
 * Lets some authors write and read from one another at random, then delivers what they wrote in several causal orders and
 * compares states and refusals. Throws where two differ. Gives one of the replicas back.
 */
export function checkConvergence<Client>(
  type: StoreType<Client>,
  options: ConvergenceOptions<Client>,
): MemoryReplica<Client> {
  const random = seededRandom(options.seed);
  const authors = [...Array(options.authorCount).keys()].map(
    (index) => new MemoryReplica(type, { author: `author ${index}`, clock: BigInt(random(4)) << 16n }),
  );
  const ops: MemoryOp[] = [];
  while (ops.length < options.opCount) {
    const replica = authors[random(authors.length)]!;
    if (random(3) === 0) replica.pull(authors[random(authors.length)]!);
    const world = ops.map((entry) => entry.op.id);
    ops.push(replica.submit(options.payload(random, replica, world)));
  }
  const [first, ...others] = [...Array(options.orderCount).keys()].map((index) => {
    const replica = new MemoryReplica(type, { author: `reader ${index}` });
    for (const entry of causalOrder(ops, random)) replica.apply(entry);
    return replica;
  });
  for (const other of others) assertSame(first!, other, options.seed);
  return first!;
}

function assertSame<Client>(a: MemoryReplica<Client>, b: MemoryReplica<Client>, seed: number): void {
  if (a.state.dump() !== b.state.dump()) {
    throw new Error(`seed ${seed}: one set of ops gave two states:\n${a.state.dump()}\n\n${b.state.dump()}`);
  }
  const refusals = (replica: MemoryReplica<Client>) =>
    [...replica.refused]
      .map(([id, reason]) => `${id} ${reason}`)
      .sort()
      .join("\n");
  const [left, right] = [refusals(a), refusals(b)];
  if (left !== right) throw new Error(`seed ${seed}: refusals differ:\n${left}\n${right}`);
}

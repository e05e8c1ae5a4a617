/**
 * One replicated store on real ports: the driver around `Replica`.
 *
 * Role: group commit, durability before anything is told, streams, the store type's methods, verification.
 *
 * Invariants
 *  1. Nobody hears of an intention before it is on disk: neither the writer, nor a stream, nor a peer.
 *  2. A write that failed for want of room is taken back whole; what was acknowledged before stays.
 */
import {
  Broadcast,
  concatBytes,
  equalBytes,
  LatticeError,
  readSeqBe,
  u64be,
  type Hash,
  type IntentionId,
  type PubKey,
  type RejectReason,
  type StoreId,
} from "@lattice/model";
import { type weaver } from "@lattice/proto";
import type {
  CallOptions,
  Change,
  CommandContext,
  Contest,
  Gap,
  Methods,
  Op,
  QueryContext,
  StoreMethod,
  StoreType,
  StreamContext,
  Submitted,
} from "@lattice/store";
import type { RoleSource, SystemState } from "@lattice/systemstore";
import { decodeOps, decodePayload } from "./decode-ops.ts";
import type { IngestReport, Offered } from "./ingest.ts";
import { CHANGES_PENDING_MAX } from "./limits.ts";
import type { WitnessLog } from "./log.ts";
import type { Projected, TableSum } from "./projection.ts";
import { Replica, type Outcome, type ReplicaOptions } from "./replica.ts";
import { toMessage } from "./to-message.ts";

const INSTANCE_BYTES = 8;

export interface StoreOptions<Client> extends ReplicaOptions {
  readonly type: StoreType<Client>;
  /** 8 bytes that name this copy of the log, so that a position in it is not taken for one in another. */
  readonly instance: Uint8Array;
  /** Called when the state is closed and synced, before the log is. */
  readonly onStateClosed?: () => void;
}

/** What a store tells its node; all of it is durable. */
export interface StoreListener {
  /** New intentions are in the log, up to `wseq`. */
  witnessed?(wseq: number): void;
  systemChanged?(): void;
  forked?(author: PubKey): void;
  projectionPaused?(reason: string): void;
  diskFull?(): void;
  diskRecovered?(): void;
  /** An invariant broke or the disk is damaged: the store takes no more calls and wants to be opened again. */
  failed?(error: LatticeError): void;
}

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

export class Store<Client = unknown> implements AsyncDisposable {
  readonly #options: StoreOptions<Client>;
  readonly #replica: Replica;
  readonly #changes = new Broadcast<Change<unknown> | Gap>({
    pendingMax: CHANGES_PENDING_MAX,
    gap: ({ position }) => ({ kind: "gap", position }),
  });
  readonly #listeners = new Set<StoreListener>();
  readonly #rejected = new Map<RejectReason | "batch-rule", number>();
  #waiters: Waiter[] = [];
  #outcomes: Outcome[] = [];
  /** Who wrote what the log has taken back. */
  #refused: Waiter[] = [];
  /** How often the storages had rolled back when the replica last read them anew. */
  readonly #rollbacksSeen: { log: number; state: number };
  #flushing: Promise<void> | undefined;
  #durableWseq: number;
  #isDiskFull = false;
  #paused = "";
  #closed: Promise<void> | undefined;
  #failure: LatticeError | undefined;

  readonly #queryContext: QueryContext<unknown>;
  readonly #commandContext: CommandContext<unknown>;

  /** Of the store type's service, typed. */
  readonly methods: Methods<Client>;

  constructor(options: StoreOptions<Client>) {
    this.#options = options;
    this.#replica = new Replica(options);
    this.#durableWseq = this.#replica.log.head.wseq;
    this.#rollbacksSeen = { log: options.log.rollbackCount, state: options.state.rollbackCount };
    this.#queryContext = { read: this.#replica.projection.app, op: (id) => this.#op(id) };
    this.#commandContext = {
      ...this.#queryContext,
      author: this.#replica.self,
      submit: (payload) => this.submit(payload as object),
    };
    this.methods = this.#bindMethods();
  }

  get id(): StoreId {
    return this.#replica.storeId;
  }

  get genesisHash(): Hash {
    return this.#replica.genesisHash;
  }

  /** Genesis hash of the parent; undefined for a root store. */
  get parent(): Hash | undefined {
    const { parent } = this.#replica.genesis;
    return parent.length === 0 ? undefined : (parent as Hash);
  }

  get type(): StoreType<Client> {
    return this.#options.type;
  }

  get log(): WitnessLog {
    return this.#replica.log;
  }

  get system(): SystemState {
    return this.#replica.system;
  }

  /** The root's, for a child store. */
  get outerRoles(): RoleSource | undefined {
    return this.#options.roles;
  }

  get replica(): Replica {
    return this.#replica;
  }

  /** The log up to here is on disk, and may be told. */
  get durableWseq(): number {
    return this.#durableWseq;
  }

  get isDiskFull(): boolean {
    return this.#isDiskFull;
  }

  /** Writes and batches of peers that wait for the next write to the disk. */
  get waitingCount(): number {
    return this.#waiters.length;
  }

  /** Since the store was opened, by reason. */
  get rejectedByReason(): ReadonlyMap<RejectReason | "batch-rule", number> {
    return this.#rejected;
  }

  listen(listener: StoreListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Brings a projection that is behind up to date, a turn at a time. To be called once after opening. */
  async catchUp(options: { signal?: AbortSignal } = {}): Promise<void> {
    let systemChanged = false;
    for (;;) {
      options.signal?.throwIfAborted();
      const { more, projected } = this.#guard(() => this.#replica.catchUp());
      systemChanged ||= projected.systemChanged;
      if (!more) {
        // Whoever listens already reads the state again; all the events of a long log would not fit into memory.
        const whole = { ...projected, events: [], systemChanged, restarted: true };
        this.#outcomes.push({ report: emptyOutcomeReport, projected: [whole] });
        break;
      }
      await this.#options.state.flush();
      await this.turn();
    }
    this.#guard(() => this.#noteOutcome(this.#replica.reconsiderFloating()));
    await this.#commit();
  }

  /** Writes one op of the store's type. Resolves when it is on disk. */
  async submit(payload: object): Promise<Submitted> {
    const { type } = this.#options;
    const schema = Math.min(type.schema, this.system.schemaNow());
    const app = { schema, payload: type.payload.toBinary(payload) };
    return this.#submit({ op: { oneofKind: "app", app } });
  }

  async submitSystem(op: weaver.SystemOp["op"]): Promise<Submitted> {
    const system = { schema: 1, op };
    return this.#submit({ op: { oneofKind: "system", system } });
  }

  /** Takes intentions from a peer. Resolves when what was witnessed is on disk. */
  async ingest(offered: readonly Offered[]): Promise<IngestReport> {
    const outcome = this.#guard(() => this.#noteOutcome(this.#replica.ingest(offered)));
    await this.#commit();
    return outcome.report;
  }

  /** Time has passed, or the root's members changed: some of what floats may be accepted now. */
  async reconsider(options: { rolesChanged?: boolean } = {}): Promise<void> {
    this.#guard(() =>
      this.#noteOutcome(
        options.rolesChanged ? this.#replica.rolesChanged() : this.#replica.reconsiderFloating(),
      ),
    );
    await this.#commit();
  }

  /** Runs a unary method; both messages are the method's own. */
  async call(name: string, request: object, options: CallOptions = {}): Promise<object> {
    options.signal?.throwIfAborted();
    const method = this.#method(name);
    if (method.kind === "stream") {
      throw new LatticeError("invalid-argument", `${method.info.name} is a stream: subscribe to it`);
    }
    this.#assertOpen();
    const message = toMessage(method.info.I, request);
    const reply =
      method.kind === "command"
        ? method.run(this.#commandContext, message)
        : method.run(this.#queryContext, message);
    // A query mostly has its answer at once, and need not wait for a turn.
    return toMessage(method.info.O, reply instanceof Promise ? await reply : reply);
  }

  subscribe(name: string, request: object, options: CallOptions = {}): AsyncIterable<object> {
    const method = this.#method(name);
    if (method.kind !== "stream") {
      throw new LatticeError("invalid-argument", `${method.info.name} is no stream: call it`);
    }
    this.#assertOpen();
    return this.#stream(method, method.info.I.create(request), options.signal);
  }

  /** What contends for one thing in the store, as its type tells it. Throws `unimplemented` for a type that tells nothing. */
  explain(subject: Uint8Array): Contest {
    this.#assertOpen();
    const { type, explain } = this.#options.type;
    if (explain === undefined)
      throw new LatticeError(
        "unimplemented",
        `a ${type} has nothing to explain: its operations do not contend`,
      );
    return explain(this.#queryContext, subject);
  }

  /** Lets everything else that is ready run. */
  turn(): Promise<void> {
    return new Promise((resolve) => this.#options.clock.after(0, resolve));
  }

  tableSums(): TableSum[] {
    return this.#replica.projection.tableSums();
  }

  digest(): Hash {
    return this.#replica.projection.digest();
  }

  /** Nothing can be read or written afterwards; all that was written is on disk. Can be called twice. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#changes.close();
    await this.#flushing;
    try {
      await this.#options.state.close();
      this.#options.onStateClosed?.();
    } finally {
      await this.#options.log.close();
    }
  }

  async #submit(ops: weaver.Ops): Promise<Submitted> {
    const { intention, outcome } = this.#guard(() =>
      this.#replica.submit(ops, { sign: this.#waiters.length === 0 }),
    );
    this.#outcomes.push(outcome);
    await this.#commit();
    return { id: intention.id, hash: intention.hash };
  }

  #noteOutcome(outcome: Outcome): Outcome {
    for (const [reason, count] of outcome.report.rejectedByReason) {
      this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + count);
    }
    this.#outcomes.push(outcome);
    return outcome;
  }

  /** Resolves when everything written so far is on disk. All that wait share one flush. */
  #commit(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#flushing ??= this.#flushLoop();
    });
  }

  async #flushLoop(): Promise<void> {
    // What is written in the same turn shares the flush, and the signature.
    await Promise.resolve();
    while (this.#waiters.length > 0) {
      const waiters = this.#waiters.splice(0);
      const outcomes = this.#outcomes.splice(0);
      try {
        this.#replica.seal();
        const wseq = this.#replica.log.head.wseq;
        await this.#options.log.flush();
        this.#durableWseq = wseq;
      } catch (error) {
        this.#refused.push(...waiters);
        await this.#takeBack(error);
        continue;
      }
      for (const waiter of waiters) waiter.resolve();
      try {
        this.#tell(outcomes);
        await this.#flushState();
      } catch (error) {
        this.#fail(LatticeError.from(error));
      }
    }
    // In the same step as the look at the waiters: whoever comes later begins a loop of its own.
    this.#flushing = undefined;
  }

  /** The state may be lost at any time, so a full disk here only means that it is projected again. */
  async #flushState(): Promise<void> {
    try {
      await this.#options.state.flush();
      this.#noteRoom();
    } catch (error) {
      this.#noteFull(error);
      this.#forgetTakenBack();
    }
  }

  async #takeBack(error: unknown): Promise<void> {
    const forget = (): void => {
      try {
        this.#noteFull(error);
        this.#forgetTakenBack();
        // Of those who have written since, and share the next flush.
        this.#replica.seal();
      } catch (cause) {
        this.#refused.push(...this.#waiters.splice(0));
        this.#fail(LatticeError.from(cause));
      }
    };
    forget();
    // Whoever wrote while the flush was failing is told by us; the storage need not say it again, to those who write now.
    await this.#options.log.flush().catch(forget);
    for (const waiter of this.#refused.splice(0)) waiter.reject(error);
  }

  /**
   * What a storage has rolled back is forgotten before anything is built on it: a flush that fails has done so some turns
   * before it is known here, and in these turns there may be writes. The state goes back with the log.
   */
  #forgetTakenBack(): void {
    const { log, state } = this.#options;
    const seen = this.#rollbacksSeen;
    const isLogBack = log.rollbackCount !== seen.log;
    if (!isLogBack && state.rollbackCount === seen.state) return;
    if (isLogBack) {
      this.#refused.push(...this.#waiters.splice(0));
      this.#outcomes = [];
      state.rollback();
    }
    seen.log = log.rollbackCount;
    seen.state = state.rollbackCount;
    this.#replica.reload();
    this.#projectAll();
    if (isLogBack) this.#changes.publish({ kind: "gap", position: this.#position() });
  }

  #projectAll(): void {
    while (this.#replica.catchUp().more);
  }

  #noteFull(error: unknown): void {
    if (LatticeError.from(error).code !== "disk-full") throw LatticeError.from(error);
    if (this.#isDiskFull) return;
    this.#isDiskFull = true;
    for (const listener of this.#listeners) listener.diskFull?.();
  }

  #noteRoom(): void {
    if (!this.#isDiskFull) return;
    this.#isDiskFull = false;
    for (const listener of this.#listeners) listener.diskRecovered?.();
  }

  #tell(outcomes: readonly Outcome[]): void {
    let systemChanged = false;
    for (const { report, projected } of outcomes) {
      for (const author of report.forkers) for (const listener of this.#listeners) listener.forked?.(author);
      for (const step of projected) {
        systemChanged ||= step.systemChanged;
        this.#publish(step);
      }
    }
    if (systemChanged) for (const listener of this.#listeners) listener.systemChanged?.();
    const { paused } = this.#replica.projection;
    if (paused !== this.#paused) {
      this.#paused = paused;
      for (const listener of this.#listeners) listener.projectionPaused?.(paused);
    }
    for (const listener of this.#listeners) listener.witnessed?.(this.#durableWseq);
  }

  #publish(step: Projected): void {
    const position = this.#position(step);
    if (step.restarted) this.#changes.publish({ kind: "gap", position });
    else if (step.events.length > 0) this.#changes.publish({ kind: "change", events: step.events, position });
  }

  /**
   * Names this copy of the log, what it held, and how much: after a crash or in a restored backup other intentions can
   * stand at a place that somebody was told of.
   */
  #position(at: Pick<Projected, "wseq" | "chainHash"> = this.#present()): Uint8Array {
    const content = at.chainHash
      .subarray(0, INSTANCE_BYTES)
      .map((byte, index) => byte ^ this.#options.instance[index]!);
    return concatBytes(content, u64be(at.wseq));
  }

  #present(): Pick<Projected, "wseq" | "chainHash"> {
    const { wseq } = this.#replica.projection.cursor;
    return { wseq, chainHash: this.log.chainHashAt(wseq) };
  }

  #method(name: string): StoreMethod {
    const method = this.#options.type.methods.get(name);
    if (method !== undefined) return method;
    const known = [...this.#options.type.methods.keys()].join(", ");
    throw new LatticeError(
      "unimplemented",
      `a ${this.#options.type.type} has no method ${name}; it has ${known}`,
    );
  }

  #streamContext(): StreamContext<unknown, unknown> {
    return {
      ...this.#queryContext,
      position: () => this.#position(),
      opsSince: (position) => this.#opsSince(position),
      changes: (signal) => this.#changes.subscribe(signal),
    };
  }

  async *#stream(
    method: StoreMethod & { kind: "stream" },
    request: object,
    outer?: AbortSignal,
  ): AsyncIterable<object> {
    const ended = new AbortController();
    const signal = outer === undefined ? ended.signal : AbortSignal.any([ended.signal, outer]);
    try {
      for await (const message of method.run(this.#streamContext(), request, signal)) {
        yield method.info.O.create(message);
      }
    } finally {
      ended.abort();
    }
  }

  #op(id: IntentionId): Op<unknown> | undefined {
    const witnessed = this.log.get(id);
    if (witnessed === undefined) return undefined;
    const ops = decodeOps(witnessed.intention);
    if (ops?.op.oneofKind !== "app" || this.#replica.projection.poisonReason(id) !== undefined)
      return undefined;
    return decodePayload(this.#options.type, witnessed.intention, ops.op.app.payload);
  }

  #opsSince(position: Uint8Array): Iterable<Op<unknown>> | undefined {
    if (position.length !== INSTANCE_BYTES + 8) return undefined;
    const wseq = readSeqBe(position, INSTANCE_BYTES);
    if (wseq > this.log.head.wseq) return undefined;
    const isOurs = equalBytes(position, this.#position({ wseq, chainHash: this.log.chainHashAt(wseq) }));
    return isOurs ? this.#opsFrom(wseq + 1) : undefined;
  }

  *#opsFrom(wseq: number): Iterable<Op<unknown>> {
    for (const { intention } of this.log.records({ from: wseq })) {
      const op = this.#op(intention.id);
      if (op !== undefined) yield op;
    }
  }

  #bindMethods(): Methods<Client> {
    const bound: Record<string, unknown> = {};
    for (const [name, method] of this.#options.type.methods) {
      bound[name] = (request: object, options?: CallOptions) =>
        method.kind === "stream" ? this.subscribe(name, request, options) : this.call(name, request, options);
    }
    return bound as Methods<Client>;
  }

  #assertOpen(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed !== undefined) throw new LatticeError("closed", "the store is closed");
  }

  /** A broken invariant or a damaged row closes this store, and nothing else. */
  #guard<T>(body: () => T): T {
    this.#assertOpen();
    try {
      this.#forgetTakenBack();
      return body();
    } catch (error) {
      const wrapped = LatticeError.from(error);
      if (wrapped.code === "internal" || wrapped.code === "corrupt") this.#fail(wrapped);
      throw wrapped;
    }
  }

  #fail(error: LatticeError): LatticeError {
    if (this.#failure === undefined) {
      this.#failure = error;
      this.#changes.close();
      for (const listener of this.#listeners) listener.failed?.(error);
    }
    return error;
  }
}

const emptyOutcomeReport: IngestReport = {
  witnessed: [],
  duplicateCount: 0,
  droppedCount: 0,
  heldByReason: new Map(),
  rejectedByReason: new Map(),
  missing: [],
  forkers: [],
};

/** A store of a type of its own at this member: its queries, its streams, and, where this member leads, its commands. */
import {
  Broadcast,
  concatBytes,
  equalBytes,
  LatticeError,
  readSeqBe,
  u64be,
  type HybridClock,
  type PubKey,
} from "@lattice/model";
import type { Change, Gap, Op, QueryContext, StoreMethod, StreamContext } from "@lattice/store";
import type { StoreChange } from "./apply-store-request.ts";
import { Commander } from "./commander.ts";
import { readOp } from "./compose-op.ts";
import { CHANGES_PENDING_MAX } from "./limits.ts";
import type { StoreOp, StoreOutcome } from "./store-request.ts";
import type { StoreState } from "./store-state.ts";

export interface StorePorts {
  readonly author: PubKey;
  readonly clock: HybridClock;
  readonly propose: (op: StoreOp) => Promise<StoreOutcome>;
  /** Resolves when what this member then shows is not older than the call. */
  readonly readBarrier: () => Promise<void>;
  /** Runs a command at the member that leads: its reply, encoded. */
  readonly atLeader: (store: string, method: string, message: Uint8Array) => Promise<Uint8Array>;
  readonly isLeader: () => boolean;
}

type MethodOf<Kind extends StoreMethod["kind"]> = StoreMethod & { readonly kind: Kind };

const ID_BYTES = 8;

export class StoreInstance {
  readonly state: StoreState;
  readonly #ports: StorePorts;
  readonly #commander: Commander;
  readonly #changes = new Broadcast<Change<unknown> | Gap>({
    pendingMax: CHANGES_PENDING_MAX,
    gap: ({ position }) => ({ kind: "gap", position }),
  });

  constructor(state: StoreState, ports: StorePorts) {
    this.state = state;
    this.#ports = ports;
    this.#commander = new Commander({ state, ...ports });
  }

  /** Takes and gives the method's own messages; the reply may be a part of one. */
  async call(name: string, request: object): Promise<object> {
    const method = this.method(name);
    if (method.kind === "stream") {
      throw new LatticeError("invalid-argument", `${method.info.name} is a stream: subscribe to it`);
    }
    if (method.kind === "command") return this.#command(method, request);
    await this.#ports.readBarrier();
    return await method.run(this.#queryContext(), request);
  }

  /** Where this member leads. */
  async command(name: string, request: object): Promise<object> {
    return await this.#commander.run(this.method(name) as MethodOf<"command">, request);
  }

  async *subscribe(name: string, request: object, signal: AbortSignal): AsyncGenerator<object> {
    const method = this.method(name);
    if (method.kind !== "stream")
      throw new LatticeError("invalid-argument", `${method.info.name} is no stream: call it`);
    await this.#ports.readBarrier();
    yield* method.run(this.#streamContext(), request, signal);
  }

  /** By the name in the `.proto`, or in code. Throws `unimplemented`. */
  method(name: string): StoreMethod {
    const { type } = this.state;
    const found = type.methods.values().find(({ info }) => info.name === name || info.localName === name);
    if (found !== undefined) return found;
    const known = Array.from(type.methods.values(), ({ info }) => info.name).join(", ");
    throw new LatticeError("unimplemented", `a ${type.type} has no method ${name}; it has ${known}`);
  }

  applied(change: StoreChange): void {
    this.#commander.applied(change);
    if (change.events.length === 0) return;
    this.#changes.publish({ kind: "change", events: change.events, position: this.#positionAt(change.seq) });
  }

  /** The state has been replaced by one that is further. */
  replaced(): void {
    this.#commander.reset();
    this.#changes.publish({ kind: "gap", position: this.#position() });
  }

  leaderChanged(): void {
    this.#commander.reset();
  }

  close(): void {
    this.#changes.close();
  }

  async #command(method: MethodOf<"command">, request: object): Promise<object> {
    const { isLeader, atLeader } = this.#ports;
    if (isLeader()) return await this.#commander.run(method, request);
    const { I, O, localName } = method.info;
    return O.fromBinary(await atLeader(this.state.name, localName, I.toBinary(request))) as object;
  }

  #queryContext(): QueryContext<unknown> {
    return { read: this.state.read, op: (id) => this.state.op(id) };
  }

  #streamContext(): StreamContext<unknown, unknown> {
    return {
      ...this.#queryContext(),
      position: () => this.#position(),
      opsSince: (position) => this.#opsSince(position),
      changes: (signal) => this.#changes.subscribe(signal),
    };
  }

  #position(): Uint8Array {
    return this.#positionAt(this.state.row.seq);
  }

  /** The same on every member, so that a stream goes on at another. */
  #positionAt(seq: number): Uint8Array {
    return concatBytes(this.state.row.id.subarray(0, ID_BYTES), u64be(seq));
  }

  #opsSince(position: Uint8Array): Iterable<Op<unknown>> | undefined {
    const { id, seq: last, firstSeq } = this.state.row;
    if (
      position.length !== 2 * ID_BYTES ||
      !equalBytes(position.subarray(0, ID_BYTES), id.subarray(0, ID_BYTES))
    ) {
      return undefined;
    }
    const from = readSeqBe(position, ID_BYTES) + 1;
    // What was told once was applied, so that a member that has less is behind; and what is too old is gone.
    if (from > last + 1 || from < firstSeq) return undefined;
    return this.#readOps(from);
  }

  *#readOps(from: number): Generator<Op<unknown>> {
    for (const placed of this.state.placedOps({ from })) {
      const op = readOp(this.state.type, placed);
      if (op !== undefined) yield op;
    }
  }
}

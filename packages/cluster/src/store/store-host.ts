/** All stores of types of their own at this member. */
import { etcdserverpb, EtcdError } from "@lattice/etcd-proto";
import type { CallContext } from "@lattice/grpc-front";
import {
  HybridClock,
  LatticeError,
  sha256,
  systemClock,
  systemRandom,
  toHex,
  utf8,
  type PubKey,
} from "@lattice/model";
import type { StoreType } from "@lattice/store";
import { refusePut, refuseRead, type KeyChecker } from "../auth/key-checks.ts";
import type { AuthGate } from "../auth/auth-gate.ts";
import type { StoreChange, StoreTypes } from "./apply-store-request.ts";
import { STORE_COUNT_MAX, STORE_NAME_BYTES_MAX } from "./limits.ts";
import { StoreInstance, type StorePorts } from "./store-instance.ts";
import { StoreState, storesOf, type Tables } from "./store-state.ts";
import type { StoreRow } from "./store-rows.ts";
import type { StoreOutcome, StoreRequest } from "./store-request.ts";

export interface StoreHostOptions {
  readonly clusterId: number;
  readonly types: StoreTypes;
  readonly tables: Tables;
  readonly propose: (request: StoreRequest) => Promise<StoreOutcome>;
  readonly readBarrier: () => Promise<void>;
  readonly atLeader: StorePorts["atLeader"];
  readonly isLeader: () => boolean;
  readonly gate: AuthGate;
  readonly checker: KeyChecker;
}

const ID_BYTES = 16;
/** Permissions of etcd's users are on keys: those of a store on this key of its own. */
const KEY_PREFIX = "lattice/stores/";

export class StoreHost {
  readonly #options: StoreHostOptions;
  readonly #instances = new Map<string, StoreInstance>();
  readonly #ports: StorePorts;

  constructor(options: StoreHostOptions) {
    this.#options = options;
    const { propose, readBarrier, atLeader, isLeader } = options;
    this.#ports = {
      // No key of a person, so that nobody else can write under it; the same on all members.
      author: sha256(utf8(`lattice cluster ${options.clusterId.toString(16)}`)) as Uint8Array as PubKey,
      clock: new HybridClock(systemClock),
      propose,
      readBarrier,
      atLeader,
      isLeader,
    };
  }

  get types(): readonly StoreType[] {
    return [...this.#options.types.values()];
  }

  get author(): PubKey {
    return this.#ports.author;
  }

  rows(): readonly StoreRow[] {
    return storesOf(this.#options.tables);
  }

  /** Why it cannot be used here; empty where it can. */
  problemOf({ type }: StoreRow): string {
    return this.#options.types.has(type)
      ? ""
      : `this member does not know the type ${type}: start it with --types`;
  }

  /** By its name, or by its id or the beginning of it. Throws `not-found` or `ambiguous`. */
  resolve(text: string): StoreRow {
    const rows = this.rows();
    const named = rows.find(({ name }) => name === text);
    if (named !== undefined) return named;
    const digits = text.toLowerCase().replaceAll("-", "");
    const found = rows.filter(({ id }) => digits !== "" && toHex(id).startsWith(digits));
    if (found.length === 1) return found[0]!;
    if (found.length > 1)
      throw new LatticeError("ambiguous", `several stores have an id that begins with ${text}`);
    const known = rows.map(({ name }) => name).join(", ");
    throw new LatticeError(
      "not-found",
      `there is no store "${text}"${known === "" ? "" : `, only: ${known}`}`,
    );
  }

  /** Throws as `resolve` does, and `failed-precondition` where this member does not know the type. */
  open(text: string): StoreInstance {
    const row = this.resolve(text);
    const open = this.#instances.get(row.name);
    if (open !== undefined) return open;
    const type = this.#options.types.get(row.type);
    if (type === undefined)
      throw new LatticeError("failed-precondition", `"${row.name}": ${this.problemOf(row)}`);
    const state = new StoreState({ name: row.name, type, tables: this.#options.tables });
    const instance = new StoreInstance(state, this.#ports);
    this.#instances.set(row.name, instance);
    return instance;
  }

  /** The first of a type: that which its own gRPC service speaks for. */
  openOfType(type: string): StoreInstance {
    const row = this.rows()
      .filter((each) => each.type === type)
      .toSorted((a, b) => a.number - b.number)[0];
    if (row === undefined) throw new LatticeError("not-found", `there is no store of type ${type} yet`);
    return this.open(row.name);
  }

  /** Finds the one that has the name, where there is one of the same type. Throws `already-exists` for another type. */
  async create(name: string, typeName: string): Promise<StoreRow> {
    const type = this.#typeOf(typeName);
    if (name === "" || utf8(name).length > STORE_NAME_BYTES_MAX || /\p{C}/u.test(name)) {
      throw new LatticeError("invalid-argument", `a store has a name of 1 to ${STORE_NAME_BYTES_MAX} bytes`);
    }
    const { schema } = type;
    await this.#options.propose({
      kind: "create",
      name,
      type: type.type,
      id: systemRandom.bytes(ID_BYTES),
      schema,
    });
    const row = this.rows().find((each) => each.name === name);
    if (row === undefined)
      throw new LatticeError("resource-exhausted", `there are ${STORE_COUNT_MAX} stores already`);
    if (row.type !== type.type)
      throw new LatticeError("already-exists", `"${name}" is a store of type ${row.type}`);
    return row;
  }

  /** Rejects with an `EtcdError` where users are told apart and this one may not. */
  async admit(call: CallContext, store: string, what: "read" | "write"): Promise<void> {
    const { gate, checker } = this.#options;
    const key = utf8(`${KEY_PREFIX}${store}`);
    await gate.asCaller(call, (user) => {
      const refusal =
        what === "read"
          ? refuseRead(checker, user, { key, rangeEnd: new Uint8Array(0) })
          : refusePut(checker, user, etcdserverpb.PutRequest.create({ key }));
      if (refusal instanceof EtcdError) throw refusal;
    });
  }

  applied(changes: readonly StoreChange[]): void {
    for (const change of changes) this.#instances.get(change.store)?.applied(change);
  }

  replaced(): void {
    for (const instance of this.#instances.values()) instance.replaced();
  }

  leaderChanged(): void {
    for (const instance of this.#instances.values()) instance.leaderChanged();
  }

  close(): void {
    for (const instance of this.#instances.values()) instance.close();
  }

  #typeOf(name: string): StoreType {
    const { types } = this.#options;
    const [only] = types.size === 1 ? types.values() : [];
    const type = name === "" ? only : types.get(name);
    if (type !== undefined) return type;
    const known = [...types.keys()].join(", ");
    const what = name === "" ? "say of which type" : `there is no store type ${name}`;
    throw new LatticeError("invalid-argument", `${what}; this cluster has ${known === "" ? "none" : known}`);
  }
}

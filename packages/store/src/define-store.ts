/**
 * `defineStore`: a store type as a value. What is checked here is checked once, at definition; the contract that code
 * cannot check (determinism above all) is checked by `describeStore`.
 */
import type { IMessageType } from "@protobuf-ts/runtime";
import type { MethodInfo, ServiceInfo } from "@protobuf-ts/runtime-rpc";
import { LatticeError } from "@lattice/model";
import type { Contest } from "./contest.ts";
import type { CommandContext, QueryContext, StreamContext } from "./context.ts";
import {
  serviceInfoOf,
  type ServiceClass,
  type StreamName,
  type StreamReply,
  type StreamRequest,
  type UnaryName,
  type UnaryReply,
  type UnaryRequest,
} from "./methods.ts";
import type { Op, StateTx } from "./state.ts";

type Awaitable<T> = T | Promise<T>;
type Reply<T> = T extends object ? PartialReply<T> : never;

/** What `create` of a message takes, and lists that are readonly, of which it makes its own. */
type PartialReply<T extends object> = { readonly [Key in keyof T]?: PartialField<T[Key]> };
type PartialField<T> = T extends Uint8Array | { oneofKind: string | undefined }
  ? T
  : T extends readonly (infer Item)[]
    ? readonly PartialField<Item>[]
    : T extends object
      ? PartialReply<T>
      : T;

export interface StoreDefinition<Client, Payload extends object, Event> {
  /** `namespace:name`, such as `example:counter`. */
  readonly type: string;
  /** The schema of the ops that this code writes, and the highest it reads. From 1 up. */
  readonly schema: number;
  /** The client class that protobuf-ts generates for the store's service. */
  readonly service: ServiceClass<Client>;
  /** The message that travels inside an intention. */
  readonly payload: IMessageType<Payload>;
  /** Names of the store's tables. */
  readonly tables: readonly string[];
  /**
   * Deterministic and synchronous: no clock, no randomness, no I/O, nothing but `tx` and `op`. Must give the same state for
   * every causally consistent order of the same ops. Throws `Refusal` for an op that counts for nothing.
   */
  apply(tx: StateTx, op: Op<Payload>): readonly Event[];
  /** Read, check, submit. With `queries`, exactly the unary methods of the service. */
  readonly commands: {
    readonly [Name in UnaryName<Client>]?: (
      context: CommandContext<Payload>,
      request: UnaryRequest<Client, Name>,
    ) => Awaitable<Reply<UnaryReply<Client, Name>>>;
  };
  readonly queries: {
    readonly [Name in UnaryName<Client>]?: (
      context: QueryContext<Payload>,
      request: UnaryRequest<Client, Name>,
    ) => Awaitable<Reply<UnaryReply<Client, Name>>>;
  };
  /**
   * A snapshot first, then changes. Where whoever reads may want to go on later without a new snapshot, events carry the
   * `position` behind them, and the request takes it back.
   */
  readonly streams: {
    readonly [Name in StreamName<Client>]: (
      context: StreamContext<Payload, Event>,
      request: StreamRequest<Client, Name>,
      signal: AbortSignal,
    ) => AsyncIterable<Reply<StreamReply<Client, Name>>>;
  };
  /**
   * Where concurrent operations can contend for one thing: which do, which of them counts and how a person ends it. `subject`
   * is what was typed, such as a key. A type for which that cannot be leaves it out.
   */
  readonly explain?: (context: QueryContext<Payload>, subject: Uint8Array) => Contest;
}

export type StoreMethod =
  | {
      readonly kind: "command";
      readonly info: MethodInfo;
      run(context: CommandContext<any>, request: object): Awaitable<object>;
    }
  | {
      readonly kind: "query";
      readonly info: MethodInfo;
      run(context: QueryContext<any>, request: object): Awaitable<object>;
    }
  | {
      readonly kind: "stream";
      readonly info: MethodInfo;
      run(context: StreamContext<any, any>, request: object, signal: AbortSignal): AsyncIterable<object>;
    };

/** A store type, as everything above it sees it. `Client` only carries the types of its methods. */
export interface StoreType<Client = unknown> {
  readonly type: string;
  readonly schema: number;
  readonly service: ServiceInfo;
  readonly payload: IMessageType<any>;
  readonly tables: readonly string[];
  apply(tx: StateTx, op: Op<any>): readonly unknown[];
  /** By the method's local name, such as `put`. */
  readonly methods: ReadonlyMap<string, StoreMethod>;
  readonly explain?: ((context: QueryContext<any>, subject: Uint8Array) => Contest) | undefined;
  readonly client?: Client;
}

/** Marks store types of every copy of this package in the process; its value is the version of the contract. */
const BRAND = Symbol.for("lattice.store-type");
const CONTRACT = 1;

/** Whether a value was made by `defineStore`, of this copy of the package or of another one with the same contract. */
export function isStoreType(value: unknown): value is StoreType {
  return typeof value === "object" && value !== null && (value as { [BRAND]?: unknown })[BRAND] === CONTRACT;
}

export function defineStore<Client, Payload extends object, Event>(
  definition: StoreDefinition<Client, Payload, Event>,
): StoreType<Client> {
  const { type, schema, payload, tables } = definition;
  if (!/^[a-z0-9-]+:[a-z0-9-]+$/.test(type)) {
    throw new LatticeError("invalid-argument", `store type "${type}" is not of the form namespace:name`);
  }
  if (!Number.isInteger(schema) || schema < 1) {
    throw new LatticeError("invalid-argument", `schema of ${type} must be a whole number from 1 up`);
  }
  const service = serviceInfoOf(definition.service);
  const methods = new Map<string, StoreMethod>();
  for (const info of service.methods) methods.set(info.localName, methodOf(definition, info));
  const defined: StoreType<Client> = {
    type,
    schema,
    service,
    payload,
    tables,
    apply: (tx, op) => definition.apply(tx, op),
    methods,
    explain: definition.explain,
  };
  return Object.assign(defined, { [BRAND]: CONTRACT });
}

function methodOf<Client, Payload extends object, Event>(
  definition: StoreDefinition<Client, Payload, Event>,
  info: MethodInfo,
): StoreMethod {
  const name = info.localName;
  const handlers = [
    { kind: "command", run: (definition.commands as Record<string, unknown>)[name] },
    { kind: "query", run: (definition.queries as Record<string, unknown>)[name] },
    { kind: "stream", run: (definition.streams as Record<string, unknown>)[name] },
  ].filter((handler) => handler.run !== undefined);
  const handler = handlers[0];
  if (handler === undefined || handlers.length > 1) {
    throw new LatticeError(
      "invalid-argument",
      `${definition.type}: method ${info.name} needs one handler, under commands, queries or streams; it has ${handlers.length}`,
    );
  }
  if (info.clientStreaming || info.serverStreaming !== (handler.kind === "stream")) {
    throw new LatticeError(
      "invalid-argument",
      `${definition.type}: method ${info.name} is not a ${handler.kind}`,
    );
  }
  return { ...handler, info } as StoreMethod;
}

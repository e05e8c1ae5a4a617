/**
 * What a member answers about its stores: the services that a node of the mesh has, so that one client speaks to either, and each
 * type's own service, which stands for the first store of that type. What is about peers, invites and forks, a cluster has not.
 */
import { describeService, SUMMARY_OPTION } from "@lattice/api/describing";
import type { CallContext } from "@lattice/grpc-front";
import { LatticeError, readSeqBe, u64be } from "@lattice/model";
import { daemon, DynamicStoreServiceClient, NodeServiceClient, StoreServiceClient } from "@lattice/proto";
import { serviceInfoOf, type StoreMethod } from "@lattice/store";
import type { ServiceInfo } from "@protobuf-ts/runtime-rpc";
import type { ServiceMethods } from "../services/member-port.ts";
import { latticeMethods, type LatticeHandlers } from "./lattice-methods.ts";
import type { PlacedOp } from "./compose-op.ts";
import type { StoreHost } from "./store-host.ts";
import type { StoreInstance } from "./store-instance.ts";
import type { StoreRow } from "./store-rows.ts";

export interface MemberFacts {
  readonly name: string;
  readonly dataDirectory: string;
  readonly startedMs: number;
  /** Where clients find it. */
  readonly addresses: () => readonly string[];
  readonly peerCount: () => number;
}

const NONE = new Uint8Array(0);
const PAGE_COUNT = 100;
const PAGE_COUNT_MAX = 1_000;
const { Method_Kind: Kind } = daemon;
const KINDS = { command: Kind.COMMAND, query: Kind.QUERY, stream: Kind.STREAM } as const;

/** What reflection is to know of. */
export function storeServiceInfos(host: StoreHost): ServiceInfo[] {
  const generic = [NodeServiceClient, StoreServiceClient, DynamicStoreServiceClient] as const;
  return [
    ...generic.map((each) => serviceInfoOf<unknown>(each)),
    ...host.types.map(({ service }) => service),
  ];
}

export function* storeServices(host: StoreHost, facts: MemberFacts): ServiceMethods {
  yield* latticeMethods(serviceInfoOf(NodeServiceClient), nodeHandlers(host, facts));
  yield* latticeMethods(serviceInfoOf(StoreServiceClient), storeHandlers(host));
  yield* latticeMethods(serviceInfoOf(DynamicStoreServiceClient), dynamicHandlers(host));
  for (const { type, service, methods } of host.types)
    yield* latticeMethods(service, ownHandlers(host, type, methods));
}

function nodeHandlers(host: StoreHost, facts: MemberFacts): LatticeHandlers {
  return {
    getStatus: async () => ({
      publicKey: host.author,
      name: facts.name,
      dataDirectory: facts.dataDirectory,
      version: "",
      storeCount: host.rows().length,
      addresses: [...facts.addresses()],
      peerCount: facts.peerCount(),
      pid: process.pid,
      startedMs: BigInt(facts.startedMs),
      warnings: host
        .rows()
        .map((row) => host.problemOf(row))
        .filter((problem) => problem !== ""),
    }),
    listTypes: async () => ({ types: host.types.map(({ type, schema }) => ({ type, schema })) }),
  };
}

function storeHandlers(host: StoreHost): LatticeHandlers {
  const opened = async (call: CallContext, text: string): Promise<StoreInstance> => {
    const instance = host.open(text);
    await host.admit(call, instance.state.name, "read");
    return instance;
  };
  return {
    create: async ({ name, type, parent }: daemon.CreateStoreRequest, call) => {
      if (parent !== "")
        throw new LatticeError("invalid-argument", "a store of a cluster stands below no other");
      await host.admit(call, name, "write");
      return toStore(host, await host.create(name, type));
    },
    list: async () => ({ stores: host.rows().map((row) => toStore(host, row)) }),
    resolve: async ({ store }: daemon.StoreRequest) => toStore(host, host.resolve(store)),
    status: async ({ store }: daemon.StoreRequest, call) => statusOf(host, await opened(call, store)),
    digest: async ({ store }: daemon.StoreRequest, call) => digestOf(await opened(call, store)),
    history: async (request: daemon.PageRequest, call) =>
      pageOf(await opened(call, request.store), request, true),
    log: async (request: daemon.PageRequest, call) =>
      pageOf(await opened(call, request.store), request, false),
  };
}

function dynamicHandlers(host: StoreHost): LatticeHandlers {
  return {
    describe: async ({ store }: daemon.StoreRequest) => {
      const { type } = host.open(store).state;
      const methods = Array.from(type.methods.values(), ({ kind, info }) => {
        return { name: info.name, kind: KINDS[kind], summary: String(info.options[SUMMARY_OPTION] ?? "") };
      });
      return { descriptors: describeService(type.service), service: type.service.typeName, methods };
    },
    call: async ({ store, method: name, message }: daemon.CallRequest, call) => {
      const instance = host.open(store);
      const method = instance.method(name);
      await admitTo(host, call, { instance, method });
      const { I, O } = method.info;
      return { message: O.toBinary(O.create(await instance.call(name, decoded(I, message, name)))) };
    },
    subscribe: (request: daemon.CallRequest, call) => subscribe(host, request, call),
  };
}

async function* subscribe(
  host: StoreHost,
  { store, method: name, message }: daemon.CallRequest,
  call: CallContext,
): AsyncGenerator<object> {
  const instance = host.open(store);
  const method = instance.method(name);
  await admitTo(host, call, { instance, method });
  const { I, O } = method.info;
  for await (const event of instance.subscribe(name, decoded(I, message, name), call.signal)) {
    yield { message: O.toBinary(O.create(event)) };
  }
}

function ownHandlers(
  host: StoreHost,
  type: string,
  methods: ReadonlyMap<string, StoreMethod>,
): LatticeHandlers {
  const handlers: Record<string, LatticeHandlers[string]> = {};
  for (const [name, method] of methods) {
    handlers[name] =
      method.kind === "stream"
        ? (request: object, call) => ownStream(host, { type, method, request, call })
        : async (request: object, call) => {
            const instance = host.openOfType(type);
            await admitTo(host, call, { instance, method });
            return instance.call(name, request);
          };
  }
  return handlers;
}

async function* ownStream(
  host: StoreHost,
  { type, method, request, call }: { type: string; method: StoreMethod; request: object; call: CallContext },
): AsyncGenerator<object> {
  const instance = host.openOfType(type);
  await admitTo(host, call, { instance, method });
  yield* instance.subscribe(method.info.localName, request, call.signal);
}

function admitTo(
  host: StoreHost,
  call: CallContext,
  { instance, method }: { instance: StoreInstance; method: StoreMethod },
): Promise<void> {
  return host.admit(call, instance.state.name, method.kind === "command" ? "write" : "read");
}

function decoded(type: StoreMethod["info"]["I"], message: Uint8Array, method: string): object {
  try {
    return type.fromBinary(message) as object;
  } catch (cause) {
    throw new LatticeError("invalid-argument", `the message is no request of ${method}`, { cause });
  }
}

function toStore(host: StoreHost, row: StoreRow): daemon.Store {
  const { id, name, type } = row;
  return { id, name, type, parentId: NONE, genesisHash: NONE, problem: host.problemOf(row) };
}

function statusOf(host: StoreHost, { state }: StoreInstance): object {
  const { row } = state;
  return {
    store: toStore(host, row),
    schema: row.schema,
    intentionCount: BigInt(row.seq),
    projectedCount: BigInt(row.seq),
    authorCount: row.seq === 0 ? 0 : 1,
    headCount: 1,
    memberCount: 1,
    role: "writer",
    stateDigest: state.digest().digest,
  };
}

function digestOf({ state }: StoreInstance): object {
  const { digest, tables } = state.digest();
  return {
    digest,
    tables: tables.map(({ table, rowCount, sum }) => ({ table, rowCount, sum })),
    intentionCount: BigInt(state.row.seq),
  };
}

/** Of the ops that are kept; the cursor is the place where the next page starts. */
function pageOf({ state }: StoreInstance, { limit, cursor }: daemon.PageRequest, reverse: boolean): object {
  const count = limit === 0 ? PAGE_COUNT : Math.min(limit, PAGE_COUNT_MAX);
  const from = cursor.length === 8 ? readSeqBe(cursor) : undefined;
  const ops: PlacedOp[] = [];
  let next: Uint8Array = NONE;
  for (const op of state.placedOps({ reverse, ...(from !== undefined && { from }) })) {
    if (ops.length === count) {
      next = u64be(op.seq);
      break;
    }
    ops.push(op);
  }
  return { intentions: ops.map(intentionOf), next };
}

function intentionOf(op: PlacedOp): object {
  return {
    id: op.id,
    author: op.author,
    seq: BigInt(op.seq),
    timestamp: op.timestamp,
    kind: "app",
    witnessSeq: BigInt(op.seq),
    bodyBytes: op.payload.length,
    payload: op.payload,
  };
}

/**
 * What can be called: every method of the node's services, and every method of the store types that it has, which go through
 * `DynamicStoreService`. A call means the same as in process and over gRPC, because the same handlers answer it.
 */
import {
  callStream,
  callUnary,
  SUMMARY_OPTION,
  type AnyServiceHandlers,
  type LatticeHandlers,
} from "@lattice/api";
import { LatticeError } from "@lattice/model";
import type { daemon } from "@lattice/proto";
import type { StoreType } from "@lattice/store";
import type { MethodInfo, ServiceInfo } from "@protobuf-ts/runtime-rpc";

export interface EndpointCall {
  readonly signal: AbortSignal;
  /** Which store, for a method of a store's type. */
  readonly store: string;
}

export interface Endpoint {
  readonly method: MethodInfo;
  /** One line; empty where nothing is known. */
  readonly summary: string;
  /** Whether it only reads, so that a link may lead to it. */
  readonly isSafe: boolean;
  /** The types of stores that have this method; undefined for a method of the node's own. */
  readonly storeTypes: readonly string[] | undefined;
  /** Rejects with a `LatticeError`. */
  unary(request: object, call: EndpointCall): Promise<object>;
  stream(request: object, call: EndpointCall): AsyncIterable<object>;
}

export class Endpoints {
  /** By service and method, such as `lattice.daemon.v1.NodeService/GetStatus`. */
  readonly #byName = new Map<string, Endpoint>();
  /** Full names by the simple ones that mean only one service. */
  readonly #fullNames = new Map<string, string | undefined>();

  constructor(
    services: readonly AnyServiceHandlers[],
    types: readonly StoreType[],
    handlers: LatticeHandlers,
  ) {
    for (const service of services) {
      this.#addService(service.service, (method) => ownEndpoint(service, method));
    }
    for (const [service, sharing] of Map.groupBy(types, (type) => type.service)) {
      const kinds = new Map([...sharing[0]!.methods.values()].map(({ info, kind }) => [info.name, kind]));
      this.#addService(service, (method) =>
        storeEndpoint(handlers, method, {
          isSafe: kinds.get(method.name) !== "command",
          storeTypes: sharing.map(({ type }) => type),
        }),
      );
    }
  }

  /** In the order of the services and their methods. */
  all(): Iterable<Endpoint> {
    return this.#byName.values();
  }

  /** Throws `not-found`. */
  find(service: string, method: string): Endpoint {
    const fullName = this.#fullNames.get(service) ?? service;
    const found = this.#byName.get(`${fullName}/${method}`);
    if (found !== undefined) return found;
    const isKnown = [...this.#byName.values()].some((each) => each.method.service.typeName === fullName);
    const what = isKnown ? `${fullName} has no method ${method}` : `there is no service ${service}`;
    throw new LatticeError("not-found", `${what}: /api/openapi.json lists what there is`);
  }

  #addService(service: ServiceInfo, endpointOf: (method: MethodInfo) => Endpoint): void {
    const { typeName } = service;
    const simple = typeName.slice(typeName.lastIndexOf(".") + 1);
    this.#fullNames.set(simple, this.#fullNames.has(simple) ? undefined : typeName);
    for (const method of service.methods) this.#byName.set(`${typeName}/${method.name}`, endpointOf(method));
  }
}

/** gRPC's health service is not ours to annotate. */
const READ_ONLY_SERVICES: ReadonlySet<string> = new Set(["grpc.health.v1.Health"]);

function ownEndpoint(handlers: AnyServiceHandlers, method: MethodInfo): Endpoint {
  return {
    method,
    summary: summaryOf(method),
    isSafe: method.idempotency === "NO_SIDE_EFFECTS" || READ_ONLY_SERVICES.has(handlers.service.typeName),
    storeTypes: undefined,
    unary: (request, { signal }) => callUnary(handlers, method, request, { signal }),
    stream: (request, { signal }) => callStream(handlers, method, request, { signal }),
  };
}

function storeEndpoint(
  handlers: LatticeHandlers,
  method: MethodInfo,
  { isSafe, storeTypes }: { isSafe: boolean; storeTypes: readonly string[] },
): Endpoint {
  const dynamicMethod = (name: string): MethodInfo =>
    handlers.dynamic.service.methods.find((each) => each.name === name)!;
  const resolve = handlers.store.service.methods.find(({ name }) => name === "Resolve")!;
  /** Or a request could be read as one of another type that has a method of that name. */
  const callOf = async (request: object, { store, signal }: EndpointCall): Promise<object> => {
    if (store === "")
      throw new LatticeError("invalid-argument", "which store? name it in the query: ?store=ID or name");
    const found = (await callUnary(handlers.store, resolve, { store }, { signal })) as daemon.Store;
    if (!storeTypes.includes(found.type)) {
      throw new LatticeError(
        "failed-precondition",
        `the store "${store}" is a ${found.type}, and ${method.name} of ${method.service.typeName} is for ${storeTypes.join(", ")}`,
      );
    }
    return { store, method: method.name, message: method.I.toBinary(method.I.create(request)) };
  };
  const decode = (reply: object): object => method.O.fromBinary((reply as daemon.CallReply).message);
  return {
    method,
    summary: summaryOf(method),
    isSafe,
    storeTypes,
    async unary(request, call) {
      const wrapped = await callOf(request, call);
      return decode(
        await callUnary(handlers.dynamic, dynamicMethod("Call"), wrapped, { signal: call.signal }),
      );
    },
    async *stream(request, call) {
      const wrapped = await callOf(request, call);
      const events = callStream(handlers.dynamic, dynamicMethod("Subscribe"), wrapped, {
        signal: call.signal,
      });
      for await (const event of events) yield decode(event);
    },
  };
}

function summaryOf({ options }: MethodInfo): string {
  const summary = options[SUMMARY_OPTION];
  return typeof summary === "string" ? summary : "";
}

/** A node without a node: handlers that a test gives, and `unimplemented` for all others. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LatticeError } from "@lattice/model";
import { DynamicStoreServiceClient, NodeServiceClient, StoreServiceClient } from "@lattice/proto";
import { serviceInfoOf, type ServiceClass } from "@lattice/store";
import { onTestFinished } from "vitest";
import {
  connect,
  implementService,
  inProcessClient,
  serveGrpc,
  type GrpcServer,
  type Handlers,
  type LatticeClient,
  type LatticeHandlers,
  type ServeGrpcOptions,
  type ServiceHandlers,
} from "../src/index.ts";

export interface FakeMethods {
  readonly node?: Partial<Handlers<NodeServiceClient>>;
  readonly store?: Partial<Handlers<StoreServiceClient>>;
  readonly dynamic?: Partial<Handlers<DynamicStoreServiceClient>>;
}

export function fakeNode(methods: FakeMethods = {}): LatticeHandlers {
  return {
    node: fakeService(NodeServiceClient, methods.node),
    store: fakeService(StoreServiceClient, methods.store),
    dynamic: fakeService(DynamicStoreServiceClient, methods.dynamic),
  };
}

function fakeService<Client>(
  service: ServiceClass<Client>,
  methods: Partial<Handlers<Client>> = {},
): ServiceHandlers<Client> {
  const others = serviceInfoOf(service).methods.map((method) => [
    method.localName,
    () => {
      throw new LatticeError("unimplemented", `no ${method.localName} here`);
    },
  ]);
  return implementService(service, { ...Object.fromEntries(others), ...methods } as Handlers<Client>);
}

export async function scratchDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "lattice api "));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export async function serveFake(
  methods: FakeMethods = {},
  options: Partial<ServeGrpcOptions> = {},
): Promise<GrpcServer> {
  const socketPath = options.socketPath ?? join(await scratchDirectory(), "lattice.sock");
  const server = await serveGrpc({ ...options, socketPath, handlers: fakeNode(methods) });
  onTestFinished(() => server.close());
  return server;
}

export async function connectTo(server: GrpcServer): Promise<LatticeClient> {
  const client = await connect(server.socketPath);
  onTestFinished(() => client.close());
  return client;
}

/** The two ways to a node, which must not be told apart. */
export const WAYS: readonly {
  readonly way: string;
  clientOf: (methods: FakeMethods) => Promise<LatticeClient>;
}[] = [
  { way: "in process", clientOf: (methods) => Promise.resolve(inProcessClient(fakeNode(methods))) },
  { way: "over gRPC", clientOf: async (methods) => connectTo(await serveFake(methods)) },
];

/** Resolves when the signal aborts; never otherwise. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

export async function failureOf(work: PromiseLike<unknown>): Promise<LatticeError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof LatticeError) return error;
    throw error;
  }
  throw new Error("did not fail");
}

export async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

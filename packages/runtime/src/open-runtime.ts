/**
 * A complete node in one call, the same whether an application embeds it or the daemon runs it: data directory, lock,
 * identity, inventory, transport, stores, services, socket. Service.
 */
import {
  inProcessClient,
  nodeHandlers,
  serveGrpc,
  tracedHandlers,
  type ClusterView,
  type LatticeClient,
  type Tracing,
} from "@lattice/api";
import type { HttpServer } from "@lattice/http";
import { loadIdentitySeed } from "@lattice/kernel";
import { LatticeError, signerFromSeed, systemClock, systemRandom, toHex, type Log } from "@lattice/model";
import { openLibp2pTransport, type ListenAddress, type Transport } from "@lattice/net";
import { INVENTORY_TABLES, Inventory, Node, placesIn } from "@lattice/node";
import { claimDirectory, openLmdbStorage, type Storage } from "@lattice/storage";
import type { StoreType } from "@lattice/store";
import { dataPaths, LOCK_NAME } from "./data-directory.ts";
import { logEvents } from "./node-log.ts";
import { portWarnings } from "./port-warnings.ts";
import { gatherStoreTypes, type GatheredTypes } from "./remembered-modules.ts";
import { shippedStoreTypes } from "./store-types.ts";
import { traceSyncs } from "./trace-syncs.ts";
import { VERSION } from "./version.ts";

export interface RuntimeOptions {
  /** Made if there is none. */
  readonly dataDirectory: string;
  /** Default: all interfaces, on the port of the last time. */
  readonly listen?: readonly ListenAddress[];
  /** Besides the ones that ship. */
  readonly types?: readonly StoreType[];
  /**
   * Modules of more of them, as `loadStoreTypes` takes them. They are remembered in the data directory: if this is given,
   * empty or not, those that were given earlier are loaded, too. That runs their code.
   */
  readonly typeModules?: readonly string[];
  /** Whether others may use the node through its socket. Default: true. */
  readonly serve?: boolean;
  /** Whether it serves its page and its services over HTTP, on loopback. Default: it does not. */
  readonly web?: WebOptions;
  /** Told of what happens. Default: nobody is. */
  readonly log?: Log;
  /** Where calls and syncs leave a trace. Default: nowhere. */
  readonly tracing?: Tracing;
  /** The clusters that the node is to tell of. Default: none. Whoever opened it closes it. */
  readonly clusters?: ClusterView;
}

export interface WebOptions {
  /** 0: of the system's choice. */
  readonly port: number;
  /** A node that cannot have the port runs without, and says so in its warnings. Default: it does not start. */
  readonly isOptional?: boolean;
  /** The folder of the built page. Without it, there are only the services. */
  readonly pageDirectory?: string;
}

export interface Runtime extends AsyncDisposable {
  /** The same interface as a remote client's. */
  readonly client: LatticeClient;
  readonly node: Node;
  readonly dataDirectory: string;
  /** What was amiss at the start without being in its way, one line each. */
  readonly warnings: readonly string[];
  /** Absent where it was not asked for. */
  readonly web: Pick<HttpServer, "port" | "url" | "link"> | undefined;
  /** Stops the node; all that was acknowledged is on disk. Can be called twice. */
  close(): Promise<void>;
}

/** Throws `in-use`, or whatever is wrong with the directory, the identity or the inventory, in one line. */
export async function openRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { dataDirectory } = options;
  const opened = new OpenedParts();
  try {
    const paths = dataPaths(dataDirectory);
    const lock = claimDirectory({ directory: dataDirectory, lock: LOCK_NAME, whatToDo: IN_USE_HINT });
    opened.add(() => lock.release());
    const { types, warnings: typeWarnings } = await storeTypes(options, paths.types);
    const warnings = [...typeWarnings];
    const seed = loadIdentitySeed(paths.identity);
    const inventory = openLmdbStorage({
      path: paths.inventory,
      tables: [...INVENTORY_TABLES],
      durability: "journal",
    });
    opened.add(() => inventory.close());
    const transport = await openTransport(seed, new Inventory(inventory), options.listen);
    opened.add(() => transport.close());
    warnings.push(...portWarnings(options.listen ?? [], transport.addresses()));
    const surface = options.web && new (await import("./web-surface.ts")).WebSurface();
    const node = await startNode({
      ...options,
      types,
      seed,
      inventory,
      transport,
      onFlush: surface?.onFlush,
    });
    opened.add(() => node.close());
    const { tracing, log } = options;
    if (log !== undefined) opened.add(inBackground((signal) => logEvents(node, log, signal)));
    if (tracing !== undefined) opened.add(inBackground((signal) => traceSyncs(node, tracing, signal)));
    let web: HttpServer | undefined;
    const untraced = nodeHandlers(node, {
      dataDirectory,
      version: VERSION,
      pid: process.pid,
      warnings,
      webLink: () => web?.link(),
      clusters: options.clusters,
    });
    const handlers = tracing === undefined ? untraced : tracedHandlers(untraced, tracing);
    if (options.serve !== false) {
      const server = await serveGrpc({ socketPath: paths.socket, handlers });
      opened.add(() => server.close());
    }
    if (surface !== undefined) {
      const { port, pageDirectory, isOptional } = options.web!;
      const parts = { port, pageDirectory, tokenPath: paths.token, node, handlers, types, tracing, log };
      web = await orWarn(surface.serve(parts), { isOptional, warnings });
      opened.add(() => web?.close());
    }
    log?.("info", "node started", { node: toHex(node.self), data: dataDirectory, version: VERSION });
    opened.add(() => log?.("info", "node stops"));
    const client = inProcessClient(handlers);
    const close = () => opened.close();
    return { client, node, dataDirectory, warnings, web, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await opened.close().catch(() => undefined);
    throw error;
  }
}

/** What was opened is closed in the opposite order, once. */
class OpenedParts {
  readonly #closers: (() => unknown)[] = [];
  #closed: Promise<void> | undefined;

  add(closer: () => unknown): void {
    this.#closers.push(closer);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    for (const closer of this.#closers.toReversed()) await closer();
  }
}

const IN_USE_HINT = 'run "lattice" without --daemon or --embedded to use that one, or stop it';

/** The ones that ship come first. */
async function storeTypes(options: RuntimeOptions, file: string): Promise<GatheredTypes> {
  const known = [...shippedStoreTypes, ...(options.types ?? [])];
  if (options.typeModules === undefined) return { types: known, warnings: [] };
  const { types, warnings } = await gatherStoreTypes({ file, named: options.typeModules, known });
  return { types: [...known, ...types], warnings };
}

async function openTransport(
  seed: Uint8Array,
  inventory: Inventory,
  listen: readonly ListenAddress[] | undefined,
): Promise<Transport> {
  const port = Number(inventory.setting("port") ?? 0);
  const wanted = (listen ?? [{ host: "0.0.0.0" }]).map((address) => ({ port, ...address }));
  const transport = await openLibp2pTransport({ seed, listen: wanted });
  // Peers remember where they found this node, so it tries to stay there.
  const bound = portOf(transport.addresses());
  if (bound !== undefined && bound !== port) await inventory.putSetting("port", String(bound));
  return transport;
}

function portOf(addresses: readonly string[]): number | undefined {
  const found = addresses
    .map((address) => /\/(?:udp|tcp)\/(\d+)/.exec(address)?.[1])
    .find((port) => port !== undefined);
  return found === undefined ? undefined : Number(found);
}

/** A port that nobody asked for is no reason not to run. */
async function orWarn<T>(
  work: Promise<T>,
  { isOptional = false, warnings }: { isOptional: boolean | undefined; warnings: string[] },
): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    const { code, message } = LatticeError.from(error);
    if (!isOptional || code !== "in-use") throw error;
    warnings.push(`no page is served: ${message}`);
    return undefined;
  }
}

/** Returns what ends it. */
function inBackground(work: (signal: AbortSignal) => Promise<void>): () => void {
  const ending = new AbortController();
  void work(ending.signal);
  return () => ending.abort();
}

function startNode(
  options: RuntimeOptions & {
    types: readonly StoreType[];
    seed: Uint8Array;
    inventory: Storage;
    transport: Transport;
    onFlush: ((durationMs: number) => void) | undefined;
  },
): Promise<Node> {
  const { onFlush } = options;
  return Node.start({
    placeOf: placesIn(options.dataDirectory, systemRandom, onFlush === undefined ? {} : { onFlush }),
    inventory: options.inventory,
    signer: signerFromSeed(options.seed),
    transport: options.transport,
    types: options.types,
    clock: systemClock,
    random: systemRandom,
  });
}

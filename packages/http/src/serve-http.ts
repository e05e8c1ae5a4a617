/**
 * Serves a node over HTTP on loopback: calls, streams, the page, metrics, health.
 *
 * Invariants
 *  1. Nothing but the page's own files, `/healthz` and the visit of a link is answered without the token or the cookie.
 *  2. Every error is a problem document with a status; nothing of a handler's inside gets out.
 *  3. `close` ends within `CLOSE_GRACE_MS`, whatever callers and handlers do.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Health, LatticeHandlers, Tracing } from "@lattice/api";
import { systemClock, type Log } from "@lattice/model";
import type { StoreType } from "@lattice/store";
import { Calls } from "./calls.ts";
import { Front } from "./front.ts";
import {
  CLOSE_GRACE_MS,
  CONNECTIONS_MAX,
  HEADERS_BYTES_MAX,
  HTTP_LIMITS,
  KEEP_ALIVE_MS,
  REQUEST_ARRIVES_MS,
  type HttpLimits,
} from "./limits.ts";
import { listenOnLoopback, type Listening } from "./listen.ts";
import type { Metric } from "./metrics/metric.ts";
import { Secrets } from "./secrets.ts";

export interface ServeHttpOptions {
  /** 0: of the system's choice. */
  readonly port: number;
  /** Whoever has it may use the node. */
  readonly token: string;
  readonly handlers: LatticeHandlers;
  /** Whose methods are served. */
  readonly types: readonly StoreType[];
  /** Of the node, for the description of the API. */
  readonly version?: string;
  /** What the health service tells; without it, that the node can be used. */
  readonly health?: Health;
  /** What keeps the node from being used as it should, one line each; they name nothing that is not for everybody. */
  readonly problems?: () => readonly string[];
  /** The figures of the node; those of HTTP and of the process come to them. */
  readonly metrics?: () => Iterable<Metric>;
  /** The folder of the built page. */
  readonly pageDirectory?: string | undefined;
  readonly tracing?: Tracing | undefined;
  readonly log?: Log | undefined;
  readonly limits?: Partial<HttpLimits>;
}

export interface HttpServer extends AsyncDisposable {
  readonly port: number;
  /** Such as `http://localhost:8123`. */
  readonly url: string;
  /** Opens the page, once, within a day. */
  link(): string;
  /** Ends every call with `closed`, then the connections. Can be called twice. */
  close(): Promise<void>;
}

/** Fails with `in-use` where the port is taken. */
export async function serveHttp(options: ServeHttpOptions): Promise<HttpServer> {
  const limits = { ...HTTP_LIMITS, ...options.limits };
  const calls = new Calls(limits.callsMax);
  const secrets = new Secrets(options.token, () => systemClock.now());
  // Under which name it is called is known when the port is; a request may be there a little sooner.
  const { promise: fronted, resolve } = Promise.withResolvers<Front>();
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> =>
    (await fronted).handle(request, response);
  const listening = await listenOnLoopback(options.port, () =>
    makeServer((request, response) => void handle(request, response), limits),
  );
  const { port } = listening;
  const front = new Front({ version: "", ...options, limits, calls, secrets, port });
  resolve(front);
  options.log?.("info", "serving HTTP", { url: `http://localhost:${port}` });
  return serverOf({ listening, calls, secrets, front });
}

function makeServer(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  { headArrivesMs }: HttpLimits,
): Server {
  const server = createServer(
    {
      maxHeaderSize: HEADERS_BYTES_MAX,
      headersTimeout: headArrivesMs,
      requestTimeout: REQUEST_ARRIVES_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: headArrivesMs,
      noDelay: true,
    },
    handle,
  );
  server.maxConnections = CONNECTIONS_MAX;
  return server;
}

function serverOf(parts: {
  readonly listening: Listening;
  readonly calls: Calls;
  readonly secrets: Secrets;
  readonly front: Front;
}): HttpServer {
  const { listening, calls, secrets, front } = parts;
  const { port, servers } = listening;
  const url = `http://localhost:${port}`;
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> =>
    (closed ??= shutDown(servers, calls).finally(() => front[Symbol.dispose]()));
  return {
    port,
    url,
    link: () => `${url}/?token=${secrets.makeCode()}`,
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function shutDown(servers: readonly Server[], calls: Calls): Promise<void> {
  const ended = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
  calls.close();
  for (const server of servers) server.closeIdleConnections();
  const force = setTimeout(() => servers.forEach((server) => server.closeAllConnections()), CLOSE_GRACE_MS);
  await Promise.all(ended);
  clearTimeout(force);
}

/**
 * Serves a node over HTTP on loopback: calls, streams, the page, metrics, health.
 *
 * Invariants
 *  1. Nothing but the page's own files, `/healthz` and the visit of a link is answered without the token or the cookie.
 *  2. Every error is a problem document with a status; nothing of a handler's inside gets out.
 *  3. `close` ends within `CLOSE_GRACE_MS`, whatever callers and handlers do.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Health, healthHandlers, type AnyServiceHandlers, type LatticeHandlers } from "@lattice/api";
import { systemClock } from "@lattice/model";
import type { StoreType } from "@lattice/store";
import { Api, API_PATH } from "./api.ts";
import { BodyReader } from "./body-reader.ts";
import { Calls } from "./calls.ts";
import { Endpoints } from "./endpoints.ts";
import { exchangeOf, requireMethod, sendText, type Exchange } from "./exchange.ts";
import { Guard } from "./guard.ts";
import {
  BODIES_BYTES_MAX,
  CALLS_MAX,
  CLOSE_GRACE_MS,
  CONNECTIONS_MAX,
  HEADERS_BYTES_MAX,
  HEAD_ARRIVES_MS,
  HEARTBEAT_MS,
  KEEP_ALIVE_MS,
  REQUEST_ARRIVES_MS,
  STALL_MS,
} from "./limits.ts";
import { listenOnLoopback, type Listening } from "./listen.ts";
import { sendProblem } from "./problem.ts";
import { Secrets } from "./secrets.ts";
import { setSecurityHeaders } from "./security-headers.ts";
import { SESSION_PATH, Sessions } from "./session.ts";
import { StaticFiles } from "./static-files.ts";

export interface ServeHttpOptions {
  /** 0: of the system's choice. */
  readonly port: number;
  /** Whoever has it may use the node. */
  readonly token: string;
  readonly handlers: LatticeHandlers;
  /** Whose methods are served. */
  readonly types: readonly StoreType[];
  /** What the health service tells; without it, that the node can be used. */
  readonly health?: Health;
  /** The folder of the built page. */
  readonly pageDirectory?: string | undefined;
  readonly limits?: Partial<HttpLimits>;
}

/** What can be set in other ways than `limits.ts` says. */
export interface HttpLimits {
  readonly callsMax: number;
  readonly bodiesBytesMax: number;
  readonly heartbeatMs: number;
  readonly stallMs: number;
}

const LIMITS: HttpLimits = {
  callsMax: CALLS_MAX,
  bodiesBytesMax: BODIES_BYTES_MAX,
  heartbeatMs: HEARTBEAT_MS,
  stallMs: STALL_MS,
};

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
  const limits = { ...LIMITS, ...options.limits };
  const calls = new Calls(limits.callsMax);
  const secrets = new Secrets(options.token, () => systemClock.now());
  // Who is called is known when the port is, and requests come no sooner.
  let front: Front | undefined;
  const listening = await listenOnLoopback(options.port, () =>
    makeServer((request, response) => void front?.handle(request, response)),
  );
  front = new Front({ ...options, limits, calls, secrets, port: listening.port });
  return serverOf({ listening, calls, secrets });
}

function makeServer(handle: (request: IncomingMessage, response: ServerResponse) => void): Server {
  const server = createServer(
    {
      maxHeaderSize: HEADERS_BYTES_MAX,
      headersTimeout: HEAD_ARRIVES_MS,
      requestTimeout: REQUEST_ARRIVES_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: HEAD_ARRIVES_MS,
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
}): HttpServer {
  const { listening, calls, secrets } = parts;
  const { port, servers } = listening;
  const url = `http://localhost:${port}`;
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= shutDown(servers, calls));
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

interface FrontOptions extends ServeHttpOptions {
  readonly limits: HttpLimits;
  readonly port: number;
  readonly calls: Calls;
  readonly secrets: Secrets;
}

/** From the request to whoever answers it. */
class Front {
  readonly #calls: Calls;
  readonly #guard: Guard;
  readonly #sessions: Sessions;
  readonly #api: Api;
  readonly #page: StaticFiles;

  constructor(options: FrontOptions) {
    const { port, secrets, calls, handlers, types, health = new Health(), limits } = options;
    this.#calls = calls;
    this.#guard = new Guard(port, secrets);
    this.#page = new StaticFiles(options.pageDirectory);
    this.#sessions = new Sessions(this.#guard, secrets);
    const own: readonly AnyServiceHandlers[] = [handlers.node, handlers.store, handlers.dynamic];
    const names = new Set(own.map(({ service }) => service.typeName));
    const endpoints = new Endpoints([...own, healthHandlers(health, names)], types, handlers);
    this.#api = new Api({ endpoints, bodies: new BodyReader(limits.bodiesBytesMax), ...limits });
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Of a caller that went away; nobody is left to tell.
    response.on("error", () => undefined);
    request.on("error", () => undefined);
    // Of a server that closes, a connection is let go as soon as it has nothing more to carry.
    response.on("close", () => this.#calls.isClosed && request.socket.end());
    try {
      setSecurityHeaders(response);
      this.#guard.checkHost(request);
      this.#guard.checkOrigin(request);
      await this.#route(exchangeOf(request, response));
    } catch (error) {
      sendProblem(response, error);
    }
  }

  async #route(exchange: Exchange): Promise<void> {
    const { request, path, query } = exchange;
    if (path === "/healthz") {
      requireMethod(exchange, "GET", "HEAD");
      sendText(exchange, "ok\n");
      return;
    }
    if (path.startsWith(API_PATH)) {
      this.#guard.checkCaller(request);
      await this.#callApi(exchange);
      return;
    }
    if (path === "/" && query.has("token")) this.#sessions.visit(exchange);
    else this.#page.serve(exchange);
  }

  async #callApi(exchange: Exchange): Promise<void> {
    if (exchange.path === SESSION_PATH) {
      this.#sessions.handle(exchange);
      return;
    }
    const endpoint = this.#api.endpoint(exchange);
    await this.#calls.run(exchange.response, (signal) => this.#api.call(exchange, endpoint, signal));
  }
}

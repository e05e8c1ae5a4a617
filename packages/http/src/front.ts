/** From the request to whoever answers it. */
import type { IncomingMessage, ServerResponse } from "node:http";
import {
  Health,
  healthHandlers,
  type AnyServiceHandlers,
  type LatticeHandlers,
  type Tracing,
} from "@lattice/api";
import type { Log } from "@lattice/model";
import type { StoreType } from "@lattice/store";
import { Api, API_PATH } from "./api.ts";
import { BodyReader, discardRest } from "./body-reader.ts";
import type { Calls } from "./calls.ts";
import { Endpoints } from "./endpoints.ts";
import { exchangeOf, header, requireMethod, sendJson, sendText, type Exchange } from "./exchange.ts";
import { Guard } from "./guard.ts";
import type { HttpLimits } from "./limits.ts";
import { HttpMetrics } from "./metrics/http-metrics.ts";
import { formatMetrics, METRICS_TYPE, type Metric } from "./metrics/metric.ts";
import { ProcessMetrics } from "./metrics/process-metrics.ts";
import { openApiOf } from "./openapi/document.ts";
import { sendProblem, type Problem } from "./problem.ts";
import type { Secrets } from "./secrets.ts";
import { setSecurityHeaders } from "./security-headers.ts";
import { SESSION_PATH, Sessions } from "./session.ts";
import { StaticFiles } from "./static-files.ts";

export interface FrontOptions {
  readonly port: number;
  readonly secrets: Secrets;
  readonly calls: Calls;
  readonly handlers: LatticeHandlers;
  readonly types: readonly StoreType[];
  readonly health?: Health | undefined;
  readonly problems?: (() => readonly string[]) | undefined;
  readonly metrics?: (() => Iterable<Metric>) | undefined;
  readonly pageDirectory?: string | undefined;
  readonly tracing?: Tracing | undefined;
  readonly log?: Log | undefined;
  readonly version: string;
  readonly limits: HttpLimits;
}

/** What is known of a request while it is answered. */
interface Asking {
  /** For the metrics and the log: of a closed set. */
  route: string;
  isStream: boolean;
  problem: Problem | undefined;
}

export class Front implements Disposable {
  readonly #options: FrontOptions;
  readonly #guard: Guard;
  readonly #sessions: Sessions;
  readonly #endpoints: Endpoints;
  readonly #api: Api;
  readonly #page: StaticFiles;
  readonly #httpMetrics = new HttpMetrics();
  readonly #processMetrics = new ProcessMetrics();
  #streams = 0;
  #openApi: object | undefined;

  constructor(options: FrontOptions) {
    const { port, secrets, handlers, types, health = new Health(), limits } = options;
    this.#options = options;
    this.#guard = new Guard(port, secrets);
    this.#page = new StaticFiles(options.pageDirectory);
    this.#sessions = new Sessions(this.#guard, secrets);
    const own: readonly AnyServiceHandlers[] = [handlers.node, handlers.store, handlers.dynamic];
    const names = new Set(own.map(({ service }) => service.typeName));
    this.#endpoints = new Endpoints([...own, healthHandlers(health, names)], types, handlers);
    const bodies = new BodyReader(limits.bodiesBytesMax);
    this.#api = new Api({ endpoints: this.#endpoints, bodies, ...limits });
  }

  /** Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asking: Asking = { route: "none", isStream: false, problem: undefined };
    this.#watch(request, response, asking);
    try {
      setSecurityHeaders(response);
      this.#guard.checkHost(request);
      this.#guard.checkOrigin(request);
      await this.#route(exchangeOf(request, response), asking);
    } catch (error) {
      discardRest(request);
      asking.problem = sendProblem(response, error, { asText: isLookedAt(request) });
      if (asking.problem.code === "internal") this.#logFault(asking, error);
    }
  }

  [Symbol.dispose](): void {
    this.#processMetrics[Symbol.dispose]();
  }

  #watch(request: IncomingMessage, response: ServerResponse, asking: Asking): void {
    const sinceMs = performance.now();
    // Of a caller that went away; nobody is left to tell.
    response.on("error", () => undefined);
    request.on("error", () => undefined);
    response.on("close", () => {
      // Of a server that closes, a connection is let go as soon as it has nothing more to carry.
      if (this.#options.calls.isClosed) request.socket.end();
      this.#noteAnswer(request, response, { ...asking, durationMs: performance.now() - sinceMs });
    });
  }

  #noteAnswer(
    { method }: IncomingMessage,
    response: ServerResponse,
    { route, isStream, problem, durationMs }: Asking & { durationMs: number },
  ): void {
    // Without an answer the caller went away before.
    const status = response.headersSent ? response.statusCode : 499;
    this.#httpMetrics.note({ route, status, durationMs, isStream });
    this.#options.log?.("debug", "http request", {
      route,
      method,
      status,
      ms: Math.round(durationMs),
      code: problem?.code,
    });
  }

  #logFault({ route }: Asking, error: unknown): void {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const stack = cause instanceof Error ? cause.stack : undefined;
    this.#options.log?.("error", "a request failed inside the node", { route, stack });
  }

  async #route(exchange: Exchange, asking: Asking): Promise<void> {
    const { path, query } = exchange;
    if (path === "/healthz") {
      asking.route = "healthz";
      this.#sendHealth(exchange);
    } else if (path === "/metrics") {
      asking.route = "metrics";
      this.#guard.checkCaller(exchange.request);
      this.#sendMetrics(exchange);
    } else if (path.startsWith(API_PATH)) {
      asking.route = "api";
      this.#guard.checkCaller(exchange.request);
      await this.#answerApi(exchange, asking);
    } else if (path === "/" && query.has("token")) {
      asking.route = "link";
      this.#sessions.visit(exchange);
    } else {
      asking.route = "page";
      this.#page.serve(exchange);
    }
  }

  async #answerApi(exchange: Exchange, asking: Asking): Promise<void> {
    const { path, response } = exchange;
    if (path === SESSION_PATH) {
      this.#sessions.handle(exchange);
    } else if (path === `${API_PATH}openapi.json`) {
      requireMethod(exchange, "GET", "HEAD");
      this.#openApi ??= openApiOf(this.#endpoints, {
        version: this.#options.version,
        cookieName: this.#guard.cookieName,
      });
      sendJson(exchange, this.#openApi);
    } else {
      const endpoint = this.#api.endpoint(exchange);
      const { service, name, serverStreaming } = endpoint.method;
      asking.route = `${service.typeName}/${name}`;
      asking.isStream = serverStreaming;
      const call = (): Promise<Problem | undefined> =>
        this.#options.calls.run(response, (signal) => this.#api.call(exchange, endpoint, signal));
      if (serverStreaming) this.#streams += 1;
      try {
        const { tracing } = this.#options;
        const parent = header(exchange, "traceparent");
        asking.problem = await (tracing === undefined ? call() : tracing.within(parent, call));
      } finally {
        if (serverStreaming) this.#streams -= 1;
      }
    }
  }

  /** Open to everybody on this machine, so it names nothing. */
  #sendHealth(exchange: Exchange): void {
    requireMethod(exchange, "GET", "HEAD");
    const problems = this.#options.problems?.() ?? [];
    if (problems.length > 0) exchange.response.statusCode = 503;
    sendText(exchange, problems.length === 0 ? "ok\n" : `${problems.join("\n")}\n`);
  }

  #sendMetrics(exchange: Exchange): void {
    requireMethod(exchange, "GET", "HEAD");
    const running = { calls: this.#options.calls.count, streams: this.#streams };
    const metrics = [
      ...(this.#options.metrics?.() ?? []),
      ...this.#httpMetrics.metrics(running),
      ...this.#processMetrics.metrics(),
    ];
    sendText(exchange, formatMetrics(metrics), METRICS_TYPE);
  }
}

/** Whether a browser is to show the answer: somebody followed a link, or typed an address. */
function isLookedAt({ url = "", headers }: IncomingMessage): boolean {
  return !url.startsWith(API_PATH) && headers.accept?.includes("text/html") === true;
}

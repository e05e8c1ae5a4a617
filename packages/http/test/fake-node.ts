/** A node without a node behind a real server: handlers that a test gives, and `unimplemented` for all others. */
import { request as openRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http";
import { buffer } from "node:stream/consumers";
import {
  implementService,
  type Handlers,
  type LatticeClient,
  type LatticeHandlers,
  type ServiceHandlers,
} from "@lattice/api";
import { httpClient, type HttpClientOptions } from "@lattice/http-client";
import { LatticeError } from "@lattice/model";
import { DynamicStoreServiceClient, NodeServiceClient, StoreServiceClient } from "@lattice/proto";
import { serviceInfoOf, type ServiceClass } from "@lattice/store";
import { onTestFinished } from "vitest";
import { serveHttp, type HttpServer, type ServeHttpOptions } from "../src/index.ts";

export const TOKEN = "x".repeat(43);
export const NODE_STATUS = "/api/lattice.daemon.v1.NodeService/GetStatus";

export interface FakeMethods {
  readonly node?: Partial<Handlers<NodeServiceClient>>;
  readonly store?: Partial<Handlers<StoreServiceClient>>;
  readonly dynamic?: Partial<Handlers<DynamicStoreServiceClient>>;
}

function fakeNode(methods: FakeMethods = {}): LatticeHandlers {
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

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  /** Of a body in JSON. */
  readonly json: Record<string, unknown>;
}

export interface Ask {
  readonly method?: string;
  /** Beside the Host, which is right, unless one is given here. */
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
  /** Default: 127.0.0.1. */
  readonly host?: string;
}

export class Served {
  readonly server: HttpServer;

  constructor(server: HttpServer) {
    this.server = server;
  }

  get host(): string {
    return `localhost:${this.server.port}`;
  }

  get origin(): string {
    return `http://${this.host}`;
  }

  /** As any program could ask, with nothing added. */
  async ask(
    path: string,
    { method = "GET", headers = {}, body, host = "127.0.0.1" }: Ask = {},
  ): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const request = openRequest(
      { host, port: this.server.port, path, method, headers: { host: this.host, ...headers }, agent: false },
      (response) => {
        buffer(response).then((bytes) => {
          const text = bytes.toString();
          const isJson = /\bjson\b/.test(response.headers["content-type"] ?? "");
          const json = isJson ? (JSON.parse(text) as Record<string, unknown>) : {};
          resolve({ status: response.statusCode!, headers: response.headers, bytes, text, json });
        }, reject);
      },
    );
    request.on("error", reject);
    request.end(body);
    return promise;
  }

  /** With the token, in JSON. */
  call(method: string, body: unknown = {}, { headers = {}, ...ask }: Ask = {}): Promise<Answer> {
    return this.ask(`/api/${method}`, {
      method: "POST",
      body: JSON.stringify(body),
      ...ask,
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json", ...headers },
    });
  }

  client(options: HttpClientOptions = {}): LatticeClient {
    const client = httpClient({ url: this.server.url, token: TOKEN, ...options });
    onTestFinished(() => client.close());
    return client;
  }

  /** What a browser holds after the visit of a link. */
  async cookie(): Promise<string> {
    const link = new URL(this.server.link());
    const { headers } = await this.ask(link.pathname + link.search);
    return headers["set-cookie"]![0]!.split(";", 1)[0]!;
  }
}

export async function serve(
  methods: FakeMethods = {},
  options: Partial<ServeHttpOptions> = {},
): Promise<Served> {
  const server = await serveHttp({
    port: 0,
    token: TOKEN,
    handlers: fakeNode(methods),
    types: [],
    ...options,
  });
  onTestFinished(() => server.close());
  return new Served(server);
}

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

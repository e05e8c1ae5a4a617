/** `/api/SERVICE/METHOD`: one call, from the request to the answer. */
import { setPosition } from "@lattice/api";
import { LatticeError } from "@lattice/model";
import type { BodyReader } from "./body-reader.ts";
import type { Endpoint, EndpointCall, Endpoints } from "./endpoints.ts";
import { sendEvents } from "./event-stream.ts";
import { header, requireMethod, type Exchange } from "./exchange.ts";
import { TIMEOUT_MS_MAX } from "./limits.ts";
import {
  BODY_BYTES_MAX,
  MEDIA_TYPES,
  queryEncoding,
  replyEncoding,
  requestEncoding,
  requireEventStream,
  type Encoding,
} from "./media.ts";
import { decodeBody, decodeQuery, encodeBody } from "./message-codec.ts";
import { HttpError, type Problem } from "./problem.ts";

export const API_PATH = "/api/";
const TIMEOUT_HEADER = "lattice-timeout-ms";

export interface ApiOptions {
  readonly endpoints: Endpoints;
  readonly bodies: BodyReader;
  readonly heartbeatMs: number;
  readonly stallMs: number;
}

export class Api {
  readonly #options: ApiOptions;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  /** Throws `not-found`. */
  endpoint({ path }: Exchange): Endpoint {
    const [service, method, ...rest] = path.slice(API_PATH.length).split("/");
    if (method === undefined || rest.length > 0) {
      throw new LatticeError(
        "not-found",
        "a call is POST /api/SERVICE/METHOD; /api/openapi.json lists what there is",
      );
    }
    return this.#options.endpoints.find(service!, method);
  }

  /** Returns what a stream ended with after it had begun. Whatever else goes wrong is thrown. */
  async call(exchange: Exchange, endpoint: Endpoint, signal: AbortSignal): Promise<Problem | undefined> {
    if (endpoint.isSafe) requireMethod(exchange, "POST", "GET");
    else requireMethod(exchange, "POST");
    using deadline = deadlineOf(exchange, signal);
    const { message, encoding } = await this.#requestOf(exchange, endpoint);
    const call = { signal: deadline.signal, store: exchange.query.get("store") ?? "" };
    if (endpoint.method.serverStreaming) {
      resume(exchange, endpoint, message);
      return await this.#stream(exchange, endpoint, { message, encoding, call });
    }
    await reply(exchange, endpoint, { message, encoding, call });
    return undefined;
  }

  async #requestOf(
    exchange: Exchange,
    { method: { I } }: Endpoint,
  ): Promise<{ message: object; encoding: Encoding }> {
    const { request, query } = exchange;
    if (request.method === "GET") {
      const encoding = queryEncoding(exchange);
      return { message: decodeQuery(I, query.get("message") ?? "", encoding), encoding };
    }
    const encoding = requestEncoding(exchange);
    const body = await this.#options.bodies.read(exchange, BODY_BYTES_MAX[encoding]);
    return { message: decodeBody(I, body, encoding), encoding };
  }

  async #stream(exchange: Exchange, endpoint: Endpoint, called: Called): Promise<Problem | undefined> {
    requireEventStream(exchange);
    const { heartbeatMs, stallMs } = this.#options;
    const { signal } = called.call;
    const options = { type: endpoint.method.O, encoding: called.encoding, heartbeatMs, stallMs, signal };
    return await sendEvents(exchange.response, endpoint.stream(called.message, called.call), options);
  }
}

interface Called {
  readonly message: object;
  readonly encoding: Encoding;
  readonly call: EndpointCall;
}

async function reply(exchange: Exchange, endpoint: Endpoint, called: Called): Promise<void> {
  const encoding = replyEncoding(exchange, called.encoding);
  const body = encodeBody(endpoint.method.O, await endpoint.unary(called.message, called.call), encoding);
  const { response } = exchange;
  if (response.destroyed) return;
  response.writeHead(200, {
    "content-type": MEDIA_TYPES[encoding],
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
  });
  response.end(body);
}

/** A browser that comes back tells the last position that it was told. Where a stream cannot go on, it begins anew. */
function resume(exchange: Exchange, { method }: Endpoint, message: object): void {
  const position = header(exchange, "last-event-id") ?? "";
  if (position === "") return;
  if (!/^[\w-]+={0,2}$/.test(position)) {
    throw new HttpError(400, "invalid-argument", "Last-Event-ID is no position of a stream of this node");
  }
  setPosition(method.I, message, new Uint8Array(Buffer.from(position, "base64url")));
}

/** The signal of the call, which also ends it when the caller's time is up. */
function deadlineOf(exchange: Exchange, signal: AbortSignal): Disposable & { readonly signal: AbortSignal } {
  const text = header(exchange, TIMEOUT_HEADER);
  if (text === undefined) return { signal, [Symbol.dispose]: () => undefined };
  const ms = Number(text);
  if (!/^\d+$/.test(text) || ms < 1 || ms > TIMEOUT_MS_MAX) {
    throw new HttpError(400, "invalid-argument", `${TIMEOUT_HEADER} is a number from 1 to ${TIMEOUT_MS_MAX}`);
  }
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new LatticeError("timeout", `no answer within ${ms} ms`)), ms);
  return {
    signal: AbortSignal.any([signal, late.signal]),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}

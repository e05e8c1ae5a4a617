/**
 * The client of a node over HTTP: the same interface as in process and over gRPC, made of `fetch` and server-sent events. It
 * needs nothing of Node, so that a page can use it.
 *
 * Invariants
 *  1. A stream is read only as fast as its consumer takes it.
 *  2. A stream that was cut off goes on by itself where the last event told its position (`id`), so that nothing is lost or told
 *     twice. One without a position fails: only its consumer knows what to read anew.
 *  3. A call is sent once: a command must not run twice because its answer got lost.
 */
import { base64decode } from "@protobuf-ts/runtime";
import {
  abortError,
  clientOf,
  decodeMessage,
  encodeMessage,
  replyStream,
  type Caller,
  type LatticeClient,
} from "@lattice/api/calling";
import { LatticeError } from "@lattice/model/errors";
import type { CallOptions } from "@lattice/store/methods";
import type { MethodInfo } from "@protobuf-ts/runtime-rpc";
import { readEvents } from "./event-reader.ts";
import { RESUME_MS, RETRY_MS_MAX, RETRY_MS_MIN } from "./limits.ts";
import { decodeProblem } from "./problem.ts";

export interface HttpClientOptions {
  /** Of the node, such as `http://localhost:8123`. Default: where the page came from. */
  readonly url?: string;
  /** Of `lattice.token`. Without it, the cookie of the browser speaks for the user. */
  readonly token?: string;
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
  /** How long a stream that was cut off tries to go on, in milliseconds. Default: 30 s; 0: not at all. */
  readonly resumeMs?: number;
}

/** Connects with the first call; a node that is not there shows as `unavailable` then. */
export function httpClient(options: HttpClientOptions = {}): LatticeClient {
  return clientOf(new HttpCaller(options));
}

const BINARY = "application/x-protobuf";
const EVENTS = "text/event-stream";

class HttpCaller implements Caller {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #fetch: typeof fetch;
  readonly #resumeMs: number;

  constructor({ url = "", token, fetch: given, resumeMs = RESUME_MS }: HttpClientOptions) {
    this.#url = url.replace(/\/+$/, "");
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    // A browser's own `fetch` wants to be called as a function of the window.
    this.#fetch = given ?? ((input, init) => fetch(input, init));
    this.#resumeMs = resumeMs;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async unary(method: MethodInfo, request: object, { signal }: CallOptions): Promise<object> {
    const response = await this.#post(method, request, { signal: signal!, accept: BINARY });
    try {
      return decodeMessage(method.O, new Uint8Array(await response.arrayBuffer()), "internal");
    } catch (error) {
      throw this.#failure(error, signal!);
    }
  }

  stream(method: MethodInfo, request: object, { signal }: CallOptions): AsyncIterable<object> {
    return replyStream((own) => this.#replies(method, request, own), signal);
  }

  async *#replies(method: MethodInfo, request: object, signal: AbortSignal): AsyncIterable<object> {
    const attempts = new Attempts(this.#resumeMs, signal);
    let position = "";
    for (;;) {
      try {
        const headers: Record<string, string> = position === "" ? {} : { "last-event-id": position };
        const response = await this.#post(method, request, { signal, accept: EVENTS, headers });
        for await (const event of readEvents(response.body!)) {
          attempts.succeeded();
          if (event.type === "end") return;
          if (event.type === "problem") throw decodeProblem(event.data, NO_PROBLEM);
          position = event.id;
          yield decodeMessage(method.O, base64decode(event.data), "internal");
        }
        throw this.#lost();
      } catch (error) {
        const failure = this.#failure(error, signal);
        if (position === "" || !(await attempts.again(failure))) throw failure;
      }
    }
  }

  /** The answer, where it is a good one. */
  async #post(
    method: MethodInfo,
    request: object,
    {
      signal,
      accept,
      headers = {},
    }: { signal: AbortSignal; accept: string; headers?: Record<string, string> },
  ): Promise<Response> {
    if (signal.aborted) throw abortError(signal);
    const body = encodeMessage(method.I, method.I.create(request), "invalid-argument");
    try {
      const response = await this.#fetch(`${this.#url}/api/${method.service.typeName}/${method.name}`, {
        method: "POST",
        headers: { "content-type": BINARY, accept, ...this.#headers, ...headers },
        body: body as Uint8Array<ArrayBuffer>,
        signal,
        credentials: "same-origin",
        cache: "no-store",
      });
      const isNode = response.headers.get("content-type")?.startsWith(accept) === true;
      if (response.ok && isNode) return response;
      throw decodeProblem(await response.text(), noNode(response.status));
    } catch (error) {
      throw this.#failure(error, signal);
    }
  }

  #failure(error: unknown, signal: AbortSignal): LatticeError {
    if (signal.aborted) return abortError(signal);
    // Whatever `fetch` says where it has no answer, or only half of one; each browser has words of its own.
    return error instanceof LatticeError ? error : this.#lost(error);
  }

  #lost(cause?: unknown): LatticeError {
    const where = this.#url === "" ? "" : ` on ${this.#url}`;
    return new LatticeError("unavailable", `the node${where} does not answer: is it running?`, { cause });
  }
}

const NO_PROBLEM = { code: "internal", message: "the node ended the stream without saying why" } as const;

function noNode(status: number) {
  return { code: "unavailable", message: `what answers is no node: status ${status}` } as const;
}

/** Pauses between attempts, longer and longer, for as long as it makes sense. */
class Attempts {
  readonly #withinMs: number;
  readonly #signal: AbortSignal;
  #sinceMs: number | undefined;
  #pauseMs = RETRY_MS_MIN;

  constructor(withinMs: number, signal: AbortSignal) {
    this.#withinMs = withinMs;
    this.#signal = signal;
  }

  succeeded(): void {
    this.#sinceMs = undefined;
    this.#pauseMs = RETRY_MS_MIN;
  }

  /** When it is time for another one; false where it is not worth it. */
  async again({ code }: LatticeError): Promise<boolean> {
    const isAway = code === "unavailable" || code === "closed";
    if (!isAway || this.#signal.aborted) return false;
    this.#sinceMs ??= performance.now();
    if (performance.now() - this.#sinceMs + this.#pauseMs > this.#withinMs) return false;
    await pause(this.#pauseMs, this.#signal);
    this.#pauseMs = Math.min(2 * this.#pauseMs, RETRY_MS_MAX);
    return !this.#signal.aborted;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener(
    "abort",
    () => {
      clearTimeout(timer);
      resolve();
    },
    { once: true },
  );
  return promise;
}

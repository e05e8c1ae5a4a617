/** The front over node:http2: less code of ours between a client and its answer, at several times the price of a call. */
import {
  constants,
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type Settings,
} from "node:http2";
import type { GrpcFront, GrpcFrontOptions, Metadata } from "../call.ts";
import { CLOSING } from "../grpc-call.ts";
import { CLOSE_GRACE_MS_DEFAULT, CUT_MS, REQUEST_BYTES_MAX_DEFAULT } from "../limits.ts";
import { listen } from "../listen.ts";
import { OpenSockets } from "../open-sockets.ts";
import { Peer } from "../peer.ts";
import { judgeHead, type RefusedHead, type RequestHead } from "../request-head.ts";
import { nodeTlsOptions } from "../tls-options.ts";
import { within } from "../within.ts";
import { NativeCall, trailersOf } from "./native-call.ts";

/** Rejects with `in-use` where the port is taken. */
export async function openNativeFront(options: GrpcFrontOptions): Promise<GrpcFront> {
  const front = new NativeFront(options);
  await front.open(options);
  return front;
}

type StreamEvent = [
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  rawHeaders: readonly string[],
];

class NativeFront implements GrpcFront {
  readonly #options: GrpcFrontOptions;
  readonly #server: Http2Server | Http2SecureServer;
  readonly #sockets: OpenSockets;
  readonly #sessions = new Map<ServerHttp2Session, Peer>();
  readonly #calls = new Set<NativeCall>();
  #port = 0;
  #allGone: PromiseWithResolvers<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: GrpcFrontOptions) {
    this.#options = options;
    this.#server = serverOf(options);
    this.#sockets = new OpenSockets(this.#server);
    this.#server.on("session", (session) => this.#take(session));
    this.#server.on("stream", (...[stream, , , rawHeaders]: StreamEvent) => this.#answer(stream, rawHeaders));
    // Of a session that did not come about; it is gone already.
    this.#server.on("sessionError", () => {});
  }

  get port(): number {
    return this.#port;
  }

  async open({ host, port }: GrpcFrontOptions): Promise<void> {
    this.#port = await listen(this.#server, { host, port });
  }

  close({ graceMs = CLOSE_GRACE_MS_DEFAULT }: { readonly graceMs?: number } = {}): Promise<void> {
    this.#closed ??= this.#close(graceMs);
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(graceMs: number): Promise<void> {
    const stopped = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    // Sends GOAWAY, and ends the session with its last stream.
    for (const session of this.#sessions.keys()) session.close();
    await within(graceMs, this.#whenAllGone());
    for (const call of this.#calls) call.cut(CLOSING);
    await within(CUT_MS, this.#whenAllGone());
    this.#sockets.destroyAll();
    await stopped;
  }

  #whenAllGone(): Promise<void> {
    if (this.#sessions.size === 0) return Promise.resolve();
    this.#allGone ??= Promise.withResolvers();
    return this.#allGone.promise;
  }

  #take(session: ServerHttp2Session): void {
    if (this.#closed) {
      session.destroy();
      return;
    }
    this.#sessions.set(session, new Peer(session.socket));
    // node:http2 gives every connection 64 KiB for all its streams together, whatever the settings say.
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    session.on("error", () => {});
    session.on("close", () => {
      this.#sessions.delete(session);
      if (this.#sessions.size === 0) this.#allGone?.resolve();
    });
  }

  #answer(stream: ServerHttp2Stream, rawHeaders: readonly string[]): void {
    const peer = stream.session && this.#sessions.get(stream.session as ServerHttp2Session);
    if (peer === undefined) return;
    const metadata = new RawHeaders(rawHeaders);
    const judged = judgeHead(headOf(metadata), this.#options.methods);
    if ("status" in judged) {
      refuse(stream, judged);
      return;
    }
    const path = metadata.get(":path")!;
    const { requestBytesMax = REQUEST_BYTES_MAX_DEFAULT } = this.#options;
    const call = new NativeCall({ ...judged, stream, peer, path, metadata, requestBytesMax });
    this.#calls.add(call);
    stream.on("close", () => this.#calls.delete(call));
    call.start();
    call.watchDeadline();
  }
}

const CONNECTION_WINDOW_BYTES = 16 << 20;

const SETTINGS: Settings = {
  initialWindowSize: 1 << 20,
  maxConcurrentStreams: 4_096,
  maxHeaderListSize: 32 << 10,
};

/** In megabytes: with more, new calls are refused. */
const MAX_SESSION_MEMORY = 64;

function serverOf({ tls }: GrpcFrontOptions): Http2Server | Http2SecureServer {
  const options = { settings: SETTINGS, maxSessionMemory: MAX_SESSION_MEMORY };
  if (tls === undefined) return createServer(options);
  return createSecureServer({ ...options, ...nodeTlsOptions(tls) });
}

function refuse(stream: ServerHttp2Stream, { httpStatus, status }: RefusedHead): void {
  stream.on("error", () => {});
  // Who is refused may still be sending.
  stream.once("finish", () => stream.close(constants.NGHTTP2_NO_ERROR));
  stream.respond(
    { ":status": httpStatus, "content-type": "application/grpc", ...trailersOf(status) },
    { endStream: true },
  );
  stream.resume();
}

function headOf(metadata: Metadata): RequestHead {
  return {
    httpMethod: metadata.get(":method"),
    path: metadata.get(":path"),
    contentType: metadata.get("content-type"),
    timeout: metadata.get("grpc-timeout"),
    encoding: metadata.get("grpc-encoding"),
  };
}

/** As they came: name, value, name, value. */
class RawHeaders implements Metadata {
  readonly #list: readonly string[];

  constructor(list: readonly string[]) {
    this.#list = list;
  }

  get(name: string): string | undefined {
    for (let at = 0; at < this.#list.length; at += 2) if (this.#list[at] === name) return this.#list[at + 1];
    return undefined;
  }
}

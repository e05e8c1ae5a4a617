/** The front over HTTP/2 of our own: the fastest one. */
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import type { GrpcFront, GrpcFrontOptions } from "../call.ts";
import { CLOSING } from "../grpc-call.ts";
import { CLOSE_GRACE_MS_DEFAULT, CUT_MS, REQUEST_BYTES_MAX_DEFAULT } from "../limits.ts";
import { listen } from "../listen.ts";
import { OpenSockets } from "../open-sockets.ts";
import { Peer } from "../peer.ts";
import { nodeTlsOptions } from "../tls-options.ts";
import { within } from "../within.ts";
import { ByteBudget } from "./byte-budget.ts";
import { FrameWriter } from "./frame-writer.ts";
import {
  CONNECTION_COUNT_MAX,
  FRONT_BYTES_MAX,
  HANDSHAKE_COUNT_MAX,
  HELLO_TIMEOUT_MS,
  SWEEP_MS,
} from "./limits.ts";
import { SocketConnection } from "./socket-connection.ts";

/** Rejects with `in-use` where the port is taken. */
export async function openFront(options: GrpcFrontOptions): Promise<GrpcFront> {
  const front = new Front(options);
  await front.open();
  return front;
}

class Front implements GrpcFront {
  readonly #options: GrpcFrontOptions;
  readonly #server: Server;
  readonly #writer = new FrameWriter();
  readonly #budget = new ByteBudget(FRONT_BYTES_MAX);
  readonly #sockets: OpenSockets;
  readonly #connections = new Set<SocketConnection>();
  /** Those that have something to write in this turn. */
  #dirty: SocketConnection[] = [];
  #sweep: NodeJS.Timeout | undefined;
  #port = 0;
  #allGone: PromiseWithResolvers<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: GrpcFrontOptions) {
    this.#options = options;
    this.#server = this.#createServer();
    this.#server.maxConnections = CONNECTION_COUNT_MAX + HANDSHAKE_COUNT_MAX;
    this.#sockets = new OpenSockets(this.#server);
  }

  get port(): number {
    return this.#port;
  }

  async open(): Promise<void> {
    this.#port = await listen(this.#server, this.#options);
    this.#sweep = setInterval(() => this.#look(), SWEEP_MS);
    this.#sweep.unref();
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
    for (const connection of this.#connections) connection.leave();
    await within(graceMs, this.#whenAllGone());
    for (const connection of this.#connections) connection.cut(CLOSING);
    await within(CUT_MS, this.#whenAllGone());
    this.#sockets.destroyAll();
    await stopped;
    clearInterval(this.#sweep);
  }

  #whenAllGone(): Promise<void> {
    if (this.#connections.size === 0) return Promise.resolve();
    this.#allGone ??= Promise.withResolvers();
    return this.#allGone.promise;
  }

  #createServer(): Server {
    const { tls } = this.#options;
    if (tls === undefined) return createServer((socket) => this.#accept(socket));
    const server = createTlsServer({ ...nodeTlsOptions(tls), handshakeTimeout: HELLO_TIMEOUT_MS }, (socket) =>
      this.#acceptTls(socket),
    );
    // Of a handshake that failed; its socket is gone already.
    server.on("tlsClientError", () => {});
    return server;
  }

  #acceptTls(socket: TLSSocket): void {
    // RFC 9113 §3.2: over TLS it is agreed upon by ALPN.
    if (socket.alpnProtocol === "h2") this.#accept(socket);
    else socket.destroy();
  }

  #accept(socket: Socket): void {
    if (this.#closed || !this.#hasPlace()) {
      socket.destroy();
      return;
    }
    const { methods, requestBytesMax = REQUEST_BYTES_MAX_DEFAULT } = this.#options;
    const connection = new SocketConnection(socket, {
      methods,
      requestBytesMax,
      peer: new Peer(socket),
      budget: this.#budget,
      now: () => performance.now(),
      schedule: (of) => this.#schedule(of),
    });
    socket.on("close", () => this.#forget(connection));
    this.#connections.add(connection);
  }

  /** Makes one, where there is none, by sending away who has been there longest of those that do nothing. */
  #hasPlace(): boolean {
    if (this.#connections.size < CONNECTION_COUNT_MAX) return true;
    for (const connection of this.#connections) {
      if (connection.callCount > 0) continue;
      connection.destroy();
      return true;
    }
    return false;
  }

  #forget(connection: SocketConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#allGone?.resolve();
  }

  /** Writes at the end of this turn of the event loop, so that all that is said in it leaves together. */
  #schedule(connection: SocketConnection): void {
    if (connection.isDirty) return;
    connection.isDirty = true;
    if (this.#dirty.push(connection) === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const connection of dirty) {
      connection.isDirty = false;
      if (connection.flush(this.#writer)) this.#schedule(connection);
    }
  }

  #look(): void {
    for (const connection of this.#connections) connection.look();
  }
}

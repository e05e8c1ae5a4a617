/**
 * Serves a node over gRPC on a Unix socket. Only the user who runs the node can connect; that is the whole of its
 * authentication.
 *
 * Invariants:
 * 1. Every call ends with exactly one status, and every error with its `lattice-code`.
 * 2. A stream is read only as fast as its client takes it: at most 16 replies wait, which is gRPC's own buffer.
 * 3. `close` ends within `CLOSE_GRACE_MS` whatever clients and handlers do.
 */
import type { EventEmitter } from "node:events";
import type * as Grpc from "@grpc/grpc-js";
import { LatticeError } from "@lattice/model";
import { reflection } from "@lattice/proto";
import type { MethodInfo, ServiceInfo } from "@protobuf-ts/runtime-rpc";
import { callError } from "./call-error.ts";
import { callStream, callUnary, checkHandlers, type AnyServiceHandlers } from "./handlers.ts";
import { Health, healthHandlers } from "./health.ts";
import type { LatticeHandlers } from "./in-process-client.ts";
import { CLOSE_GRACE_MS, MESSAGE_BYTES_MAX } from "./limits.ts";
import { decodeMessage, encodeMessage } from "./messages.ts";
import { Reflection } from "./reflection.ts";
import { checkedSocketPath, claimSocket, type SocketClaim } from "./unix-socket.ts";
import { untilAborted } from "./until-aborted.ts";
import { encodeError } from "./wire-error.ts";

export interface ServeGrpcOptions {
  /** Its directory must exist. */
  readonly socketPath: string;
  readonly handlers: LatticeHandlers;
  /** What the health service tells; without it, that the node can be used. */
  readonly health?: Health;
}

export interface GrpcServer extends AsyncDisposable {
  readonly socketPath: string;
  /** Ends every call with `closed`, then the connections. Does not wait for handlers. Can be called twice. */
  close(): Promise<void>;
}

type Bytes = Uint8Array;
type StreamCall = EventEmitter & { write(bytes: Bytes): boolean };

/** Fails with `in-use` where a node serves there already; what a dead one left behind is replaced. */
export async function serveGrpc(options: ServeGrpcOptions): Promise<GrpcServer> {
  const socketPath = checkedSocketPath(options.socketPath);
  const grpc = await import("@grpc/grpc-js");
  const calls = new RunningCalls();
  const server = new grpc.Server({
    "grpc.max_receive_message_length": MESSAGE_BYTES_MAX,
    "grpc.max_send_message_length": MESSAGE_BYTES_MAX,
  });
  addServices(new ServiceBinder(grpc, calls), server, options);
  try {
    const claim = await claimSocket(socketPath, (path) => listen(grpc, server, path));
    return serverOf({ socketPath, server, calls, claim });
  } catch (error) {
    server.forceShutdown();
    throw error;
  }
}

function addServices(binder: ServiceBinder, server: Grpc.Server, options: ServeGrpcOptions): void {
  const { node, store, dynamic } = options.handlers;
  const own: readonly AnyServiceHandlers[] = [node, store, dynamic];
  const names = new Set(own.map(({ service }) => service.typeName));
  const all = [...own, healthHandlers(options.health ?? new Health(), names)];
  for (const handlers of all) {
    checkHandlers(handlers.service, handlers.methods);
    binder.addService(server, handlers);
  }
  const services: ServiceInfo[] = all.map(({ service }) => service);
  binder.addReflection(server, new Reflection([...services, reflection.ServerReflection]));
}

async function listen(grpc: typeof Grpc, server: Grpc.Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${path}`, grpc.ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve();
      else reject(new LatticeError("internal", `cannot listen on ${path}`, { cause: error }));
    });
  });
}

function serverOf(parts: {
  readonly socketPath: string;
  readonly server: Grpc.Server;
  readonly calls: RunningCalls;
  readonly claim: SocketClaim;
}): GrpcServer {
  const { socketPath, server, calls, claim } = parts;
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= shutDown());
  const shutDown = async (): Promise<void> => {
    await claim.release();
    calls.close();
    await new Promise<void>((resolve) => {
      const force = setTimeout(() => {
        server.forceShutdown();
        resolve();
      }, CLOSE_GRACE_MS);
      server.tryShutdown(() => {
        clearTimeout(force);
        resolve();
      });
    });
  };
  return { socketPath, close, [Symbol.asyncDispose]: close };
}

/** The calls that run, so that closing can end them. */
class RunningCalls {
  readonly #running = new Set<AbortController>();
  #isClosed = false;

  /** The signal of one call, which aborts when its client leaves or the server closes. */
  async run(call: EventEmitter, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const controller = new AbortController();
    call.on("cancelled", () => controller.abort());
    if (this.#isClosed) controller.abort(closedError());
    this.#running.add(controller);
    try {
      await work(controller.signal);
    } finally {
      this.#running.delete(controller);
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const controller of this.#running) controller.abort(closedError());
  }
}

function closedError(): LatticeError {
  return new LatticeError("closed", "the node was closed");
}

/** Puts handlers behind the interface of grpc-js. */
class ServiceBinder {
  readonly #grpc: typeof Grpc;
  readonly #calls: RunningCalls;

  constructor(grpc: typeof Grpc, calls: RunningCalls) {
    this.#grpc = grpc;
    this.#calls = calls;
  }

  addService(server: Grpc.Server, handlers: AnyServiceHandlers): void {
    const methods = handlers.service.methods;
    server.addService(
      Object.fromEntries(methods.map((method) => [method.name, definitionOf(method)])),
      Object.fromEntries(
        methods.map((method) => [
          method.name,
          method.serverStreaming
            ? this.#streamHandler(handlers, method)
            : this.#unaryHandler(handlers, method),
        ]),
      ),
    );
  }

  addReflection(server: Grpc.Server, state: Reflection): void {
    const method = reflection.ServerReflection.methods[0]!;
    const handler = (call: Grpc.ServerDuplexStream<Bytes, Bytes>): void => {
      void this.#calls.run(call, (signal) => this.#reflect(call, state, signal));
    };
    server.addService({ [method.name]: definitionOf(method) }, { [method.name]: handler });
  }

  #unaryHandler(handlers: AnyServiceHandlers, method: MethodInfo): Grpc.handleUnaryCall<Bytes, Bytes> {
    return (call, callback) => {
      void this.#calls.run(call, async (signal) => {
        try {
          const request = decodeMessage(method.I, call.request, "invalid-argument");
          const reply = await callUnary(handlers, method, request, { signal });
          callback(null, encodeMessage(method.O, reply, "internal"));
        } catch (error) {
          callback(this.#statusOf(error));
        }
      });
    };
  }

  #streamHandler(
    handlers: AnyServiceHandlers,
    method: MethodInfo,
  ): Grpc.handleServerStreamingCall<Bytes, Bytes> {
    return (call) => {
      void this.#calls.run(call, async (signal) => {
        try {
          const request = decodeMessage(method.I, call.request, "invalid-argument");
          for await (const reply of callStream(handlers, method, request, { signal })) {
            await send(call, encodeMessage(method.O, reply, "internal"), signal);
          }
          call.end();
        } catch (error) {
          this.#fail(call, error);
        }
      });
    };
  }

  /** Answers one by one, so that a client that only asks and never reads is read no further. */
  async #reflect(
    call: Grpc.ServerDuplexStream<Bytes, Bytes>,
    state: Reflection,
    signal: AbortSignal,
  ): Promise<void> {
    const { I, O } = reflection.ServerReflection.methods[0]!;
    try {
      const requests = call.iterator({ destroyOnReturn: false });
      for (;;) {
        const { done, value } = await untilAborted(signal, () => requests.next());
        if (done === true) break;
        const request = decodeMessage(I, value as Bytes, "invalid-argument");
        const answer = state.answer(request as reflection.ServerReflectionRequest);
        await send(call, encodeMessage(O, answer, "internal"), signal);
      }
      call.end();
    } catch (error) {
      this.#fail(call, error);
    }
  }

  /** grpc-js ends a call with what its `error` event carries, behind the replies that were sent. */
  #fail(call: StreamCall, error: unknown): void {
    call.emit("error", this.#statusOf(error));
  }

  #statusOf(error: unknown): Grpc.ServerErrorResponse {
    const { status, text, metadata } = encodeError(callError(error));
    const trailers = new this.#grpc.Metadata();
    for (const [key, value] of Object.entries(metadata)) trailers.set(key, value);
    return { name: "ServiceError", message: text, code: status, details: text, metadata: trailers };
  }
}

async function send(call: StreamCall, bytes: Bytes, signal: AbortSignal): Promise<void> {
  if (call.write(bytes)) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  call.once("drain", resolve);
  try {
    await untilAborted(signal, () => promise);
  } finally {
    call.off("drain", resolve);
  }
}

/** Messages stay bytes here: decoding them is the handlers' business, which can tell what is wrong with them. */
function definitionOf(method: MethodInfo): Grpc.MethodDefinition<Bytes, Bytes> {
  return {
    path: `/${method.service.typeName}/${method.name}`,
    requestStream: method.clientStreaming,
    responseStream: method.serverStreaming,
    requestSerialize: bufferOf,
    requestDeserialize: (bytes) => bytes,
    responseSerialize: bufferOf,
    responseDeserialize: (bytes) => bytes,
  };
}

function bufferOf(bytes: Bytes): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

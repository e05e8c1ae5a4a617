/**
 * The client of a node in another process, over gRPC on its Unix socket.
 *
 * Our own adapter from grpc-js, and not `@protobuf-ts/grpc-transport`: that one reads a stream as fast as it comes and
 * keeps what its consumer has not taken yet.
 */
import type * as Grpc from "@grpc/grpc-js";
import { LatticeError } from "@lattice/model";
import type { CallOptions } from "@lattice/store";
import type { MethodInfo } from "@protobuf-ts/runtime-rpc";
import { oneLine } from "./call-error.ts";
import { clientOf, type Caller, type LatticeClient } from "./client.ts";
import { CONNECT_TIMEOUT_MS, MESSAGE_BYTES_MAX, RECONNECT_BACKOFF_MS_MAX } from "./limits.ts";
import { decodeMessage, encodeMessage } from "./messages.ts";
import { replyStream } from "./reply-stream.ts";
import { GrpcCode } from "@lattice/model/grpc-code";
import { codeOfGrpcStatus } from "./status.ts";
import { checkedSocketPath, isListening } from "./unix-socket.ts";
import { untilAborted } from "./until-aborted.ts";
import { decodeError } from "./wire-error.ts";

/**
 * Fails with `unavailable`, at once, where no node runs. A connection that is lost later is made again by the next call;
 * calls that ran on it fail with `unavailable`.
 */
export async function connect(socketPath: string, options: CallOptions = {}): Promise<LatticeClient> {
  const path = checkedSocketPath(socketPath);
  const signal = options.signal ?? new AbortController().signal;
  return await untilAborted(signal, async () => {
    if (!(await isListening(path))) throw noNode(path);
    const grpc = await import("@grpc/grpc-js");
    const caller = new RemoteCaller(grpc, path);
    try {
      await untilAborted(signal, () => caller.ready());
    } catch (error) {
      await caller.close();
      throw error;
    }
    return clientOf(caller);
  });
}

function noNode(path: string, cause?: unknown): LatticeError {
  return new LatticeError("unavailable", `no node runs on ${path}: start one with "lattice --daemon"`, {
    cause,
  });
}

class RemoteCaller implements Caller {
  readonly #path: string;
  readonly #client: Grpc.Client;
  readonly #metadata: Grpc.Metadata;

  constructor(grpc: typeof Grpc, path: string) {
    this.#path = path;
    this.#metadata = new grpc.Metadata();
    this.#client = new grpc.Client(`unix:${path}`, grpc.credentials.createInsecure(), {
      "grpc.max_receive_message_length": MESSAGE_BYTES_MAX,
      "grpc.max_send_message_length": MESSAGE_BYTES_MAX,
      "grpc.initial_reconnect_backoff_ms": 100,
      "grpc.max_reconnect_backoff_ms": RECONNECT_BACKOFF_MS_MAX,
      // A command must not run twice because its reply got lost.
      "grpc.enable_retries": 0,
      // Else closing one client would leave its connection to others, and a failed one's back-off would hit them.
      "grpc.use_local_subchannel_pool": 1,
    });
  }

  async ready(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#client.waitForReady(Date.now() + CONNECT_TIMEOUT_MS, (error) => {
        if (error === undefined) resolve();
        else
          reject(
            new LatticeError("unavailable", `what listens on ${this.#path} is no node`, { cause: error }),
          );
      });
    });
  }

  close(): Promise<void> {
    this.#client.close();
    return Promise.resolve();
  }

  async unary(method: MethodInfo, request: object, { signal }: CallOptions): Promise<object> {
    let cancel = (): void => {};
    try {
      const bytes = await untilAborted(signal!, () => {
        const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
        const sent = encodeMessage(method.I, method.I.create(request), "invalid-argument");
        const call = this.#client.makeUnaryRequest(
          pathOf(method),
          bufferOf,
          (reply): Uint8Array => reply,
          sent,
          this.#metadata,
          (error, reply) => (error === null ? resolve(reply!) : reject(this.#errorOf(error))),
        );
        cancel = () => call.cancel();
        return promise;
      });
      return decodeMessage(method.O, bytes, "internal");
    } finally {
      // Of a call that is over this does nothing.
      cancel();
    }
  }

  stream(method: MethodInfo, request: object, { signal }: CallOptions): AsyncIterable<object> {
    return replyStream((own) => this.#replies(method, request, own), signal);
  }

  async *#replies(method: MethodInfo, request: object, signal: AbortSignal): AsyncIterable<object> {
    const sent = encodeMessage(method.I, method.I.create(request), "invalid-argument");
    const call = this.#client.makeServerStreamRequest(
      pathOf(method),
      bufferOf,
      (reply): Uint8Array => reply,
      sent,
      this.#metadata,
    );
    // The loop below sees the same error; but one that came when nobody read any more would end the process.
    call.on("error", () => {});
    // However the stream ends, its signal aborts; of a call that is over this does nothing.
    signal.addEventListener("abort", () => call.cancel(), { once: true });
    try {
      for await (const reply of call) yield decodeMessage(method.O, reply as Uint8Array, "internal");
    } catch (error) {
      throw error instanceof LatticeError ? error : this.#errorOf(error as Grpc.ServiceError);
    }
  }

  #errorOf(error: Grpc.ServiceError): LatticeError {
    const decoded = decodeError(error.details, (key) => error.metadata?.get(key)[0]?.toString());
    if (decoded !== undefined) return decoded;
    // gRPC's own: cancelled by the other side is what a connection says that was torn down.
    if (error.code === GrpcCode.UNAVAILABLE || error.code === GrpcCode.CANCELLED) {
      return /\b(ENOENT|ECONNREFUSED)\b/.test(error.details)
        ? noNode(this.#path, error)
        : new LatticeError("unavailable", `the connection to the node on ${this.#path} was lost`, {
            cause: error,
          });
    }
    return new LatticeError(codeOfGrpcStatus(error.code), oneLine(error.details), { cause: error });
  }
}

function pathOf(method: MethodInfo): string {
  return `/${method.service.typeName}/${method.name}`;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

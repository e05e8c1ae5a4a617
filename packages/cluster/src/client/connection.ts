/** One member, over gRPC: bytes in and bytes out, each call once. It connects at the first call, and again when it must. */
import { isIP } from "node:net";
import { checkServerIdentity } from "node:tls";
import type * as Grpc from "@grpc/grpc-js";
import { LatticeError } from "@lattice/model";
import { CallFailure, failureOf } from "./call-failure.ts";
import { endpointText, type Endpoint } from "./endpoint.ts";
import {
  CONNECT_TIMEOUT_MS,
  KEEPALIVE_MS,
  KEEPALIVE_TIMEOUT_MS,
  MESSAGE_BYTES_MAX,
  RECONNECT_BACKOFF_MS_MAX,
} from "./limits.ts";

export interface ClientTls {
  /** PEM. Without `ca`, what the system trusts. */
  readonly ca?: string | Uint8Array | undefined;
  /** For a cluster that asks for certificates. */
  readonly cert?: string | Uint8Array | undefined;
  readonly key?: string | Uint8Array | undefined;
  /** The name in the members' certificates, if it is not that of the endpoint. */
  readonly serverName?: string | undefined;
}

export interface ConnectionOptions {
  readonly grpc: typeof Grpc;
  readonly endpoint: Endpoint;
  readonly tls: ClientTls | undefined;
}

export type MetadataFields = Readonly<Record<string, string>>;

export interface AttemptOptions {
  readonly metadata: MetadataFields;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

export interface StreamOptions {
  readonly metadata: MetadataFields;
  readonly signal: AbortSignal;
}

/** A call in which both sides send. */
export interface Conversation {
  send(message: Uint8Array): void;
  /** Throws `CallFailure`. */
  readonly messages: AsyncIterable<Uint8Array>;
}

export class Connection {
  readonly where: string;
  readonly #grpc: typeof Grpc;
  readonly #client: Grpc.Client;

  constructor({ grpc, endpoint, tls }: ConnectionOptions) {
    this.where = endpointText(endpoint);
    this.#grpc = grpc;
    this.#client = new grpc.Client(this.where, credentials(grpc, endpoint, tls), {
      "grpc.max_receive_message_length": MESSAGE_BYTES_MAX,
      "grpc.max_send_message_length": MESSAGE_BYTES_MAX,
      "grpc.initial_reconnect_backoff_ms": 50,
      "grpc.max_reconnect_backoff_ms": RECONNECT_BACKOFF_MS_MAX,
      "grpc.keepalive_time_ms": KEEPALIVE_MS,
      "grpc.keepalive_timeout_ms": KEEPALIVE_TIMEOUT_MS,
      // Whether a call may be sent again is known here alone.
      "grpc.enable_retries": 0,
      // Else closing one client would leave its connection to others.
      "grpc.use_local_subchannel_pool": 1,
      ...nameToCheck(endpoint, tls),
    });
  }

  close(): void {
    this.#client.close();
  }

  /** Throws `CallFailure`, or the reason of the signal. */
  async unary(path: string, message: Uint8Array, options: AttemptOptions): Promise<Uint8Array> {
    const { metadata, timeoutMs, signal } = options;
    const deadline = Date.now() + timeoutMs;
    await this.#ready(Math.min(deadline, Date.now() + CONNECT_TIMEOUT_MS), signal);
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const call = this.#client.makeUnaryRequest(
      path,
      bufferOf,
      (reply): Uint8Array => reply,
      message,
      this.#metadata(metadata),
      { deadline },
      (error, reply) => (error === null ? resolve(reply!) : reject(failureOf(error, this.where))),
    );
    return await cancellable(promise, { signal, cancel: () => call.cancel() });
  }

  async *serverStream(path: string, message: Uint8Array, options: StreamOptions): AsyncGenerator<Uint8Array> {
    await this.#ready(Date.now() + CONNECT_TIMEOUT_MS, options.signal);
    const metadata = this.#metadata(options.metadata);
    const call = this.#client.makeServerStreamRequest(
      path,
      bufferOf,
      (reply): Uint8Array => reply,
      message,
      metadata,
    );
    yield* this.#messages(call, options.signal);
  }

  /** Ends with its signal. */
  async converse(path: string, { metadata, signal }: StreamOptions): Promise<Conversation> {
    await this.#ready(Date.now() + CONNECT_TIMEOUT_MS, signal);
    const call = this.#client.makeBidiStreamRequest(
      path,
      bufferOf,
      (reply): Uint8Array => reply,
      this.#metadata(metadata),
    );
    return { send: (message) => void call.write(message), messages: this.#messages(call, signal) };
  }

  /** Whether a member listens at all is found out before anything is sent: after that it could not be told. */
  async #ready(deadline: number, signal: AbortSignal | undefined): Promise<void> {
    const channel = this.#client.getChannel();
    const { READY, TRANSIENT_FAILURE, SHUTDOWN } = this.#grpc.connectivityState;
    for (;;) {
      signal?.throwIfAborted();
      const state = channel.getConnectivityState(true);
      if (state === READY) return;
      if (state === TRANSIENT_FAILURE || state === SHUTDOWN) throw this.#unreachable();
      const change = new Promise<void>((resolve, reject) => {
        channel.watchConnectivityState(state, deadline, (error) => {
          if (error === undefined) resolve();
          else reject(this.#unreachable(error));
        });
      });
      await cancellable(change, { signal, cancel: () => undefined });
    }
  }

  #unreachable(cause?: Error): CallFailure {
    return new CallFailure(
      "not-done",
      new LatticeError("unavailable", `no member answers at ${this.where}`, { cause }),
    );
  }

  async *#messages(
    call: Grpc.ClientReadableStream<Uint8Array> | Grpc.ClientDuplexStream<Uint8Array, Uint8Array>,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    // The loop below sees the same error; but one that came when nobody read any more would end the process.
    call.on("error", () => {});
    const cancel = (): void => call.cancel();
    if (signal.aborted) cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      for await (const message of call) yield message as Uint8Array;
    } catch (error) {
      signal.throwIfAborted();
      throw failureOf(error as Grpc.ServiceError, this.where);
    } finally {
      signal.removeEventListener("abort", cancel);
      cancel();
    }
  }

  #metadata(fields: MetadataFields): Grpc.Metadata {
    const metadata = new this.#grpc.Metadata();
    for (const [name, value] of Object.entries(fields)) metadata.set(name, value);
    return metadata;
  }
}

/** A certificate is looked at for its addresses where the member is called by one; TLS has no names for them to send along. */
const NAME_OF_ADDRESS = "member";

function credentials(
  grpc: typeof Grpc,
  endpoint: Endpoint,
  tls: ClientTls | undefined,
): Grpc.ChannelCredentials {
  if (!isTls(endpoint, tls)) return grpc.credentials.createInsecure();
  const { ca, key, cert } = tls ?? {};
  const verify: Grpc.VerifyOptions = isByAddress(endpoint, tls)
    ? { checkServerIdentity: (_, shown) => checkServerIdentity(endpoint.host, shown) }
    : {};
  return grpc.credentials.createSsl(pem(ca), pem(key), pem(cert), verify);
}

function nameToCheck(endpoint: Endpoint, tls: ClientTls | undefined): Grpc.ChannelOptions {
  if (!isTls(endpoint, tls)) return {};
  const name = tls?.serverName ?? (isByAddress(endpoint, tls) ? NAME_OF_ADDRESS : undefined);
  return name === undefined ? {} : { "grpc.ssl_target_name_override": name };
}

function isTls(endpoint: Endpoint, tls: ClientTls | undefined): boolean {
  return endpoint.isTls ?? tls !== undefined;
}

function isByAddress({ host }: Endpoint, tls: ClientTls | undefined): boolean {
  return tls?.serverName === undefined && isIP(host) !== 0;
}

function pem(text: string | Uint8Array | undefined): Buffer | null {
  if (text === undefined) return null;
  return typeof text === "string" ? Buffer.from(text) : bufferOf(text);
}

/** Lets its caller go when the signal aborts, whatever becomes of the call. */
async function cancellable<T>(
  call: Promise<T>,
  { signal, cancel }: { signal: AbortSignal | undefined; cancel: () => void },
): Promise<T> {
  if (signal === undefined) return await call;
  call.catch(() => undefined);
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => {
    cancel();
    reject(signal.reason as Error);
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([call, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
    aborted.catch(() => undefined);
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * A client of a cluster: of ours, or of etcd itself. It speaks to one member and goes on to the next when that one does not answer.
 *
 * Rules
 *  1. A read is sent again as long as its time lasts.
 *  2. A write that belongs to a session is as well: the cluster does it once. With `sessions` that is every write
 *     of `SESSION_METHODS`; etcd has no sessions, so there it is to be off.
 *  3. Any other write is sent again only where it cannot have been done.
 *
 * What the cluster refuses comes as `EtcdError`, with etcd's code and text. Where nobody answers, or not in time, it is a
 * `LatticeError`, `unavailable` or `timeout`.
 */
import type * as Grpc from "@grpc/grpc-js";
import {
  AuthClient,
  ClusterClient as ClusterServiceClient,
  ElectionClient,
  EtcdError,
  KVClient,
  LeaseClient,
  LockClient,
  MaintenanceClient,
} from "@lattice/etcd-proto";
import { LatticeError } from "@lattice/model";
import { serviceInfoOf, type Methods, type ServiceClass } from "@lattice/store";
import type { MethodInfo } from "@protobuf-ts/runtime-rpc";
import { AuthToken, type UserPassword } from "./auth-token.ts";
import { CallFailure } from "./call-failure.ts";
import type { ClientTls, Connection, Conversation, MetadataFields } from "./connection.ts";
import { Endpoints } from "./endpoints.ts";
import { withFailover } from "./failover.ts";
import { keepAlive } from "./keep-alive.ts";
import { CALL_TIMEOUT_MS_DEFAULT } from "./limits.ts";
import { SessionPool, type ClientSession } from "./session-pool.ts";
import { watch, type WatchRequest, type WatchResponse } from "./watch.ts";

export interface ClusterClientOptions {
  /** `HOST:PORT`, `http://HOST:PORT` or `https://HOST:PORT`. */
  readonly endpoints: readonly string[];
  readonly tls?: ClientTls | undefined;
  readonly user?: UserPassword | undefined;
  /** Of a call, unless that says otherwise; 5 s unless this does. */
  readonly timeoutMs?: number | undefined;
  /** Whether writes belong to sessions; they do unless this says otherwise. */
  readonly sessions?: boolean | undefined;
}

export interface ClusterCallOptions {
  readonly signal?: AbortSignal;
  /** `Infinity` for what waits by its nature, such as for a lock. */
  readonly timeoutMs?: number;
}

/** The methods of one of etcd's services. */
export type ClusterMethods<Client> = {
  readonly [Name in keyof Methods<Client>]: Methods<Client>[Name] extends (
    request: infer Request,
    ...rest: never[]
  ) => infer Reply
    ? (request: Request, options?: ClusterCallOptions) => Reply
    : never;
};

export interface ClusterClient extends AsyncDisposable {
  readonly kv: ClusterMethods<KVClient>;
  readonly lease: ClusterMethods<LeaseClient>;
  readonly cluster: ClusterMethods<ClusterServiceClient>;
  readonly maintenance: ClusterMethods<MaintenanceClient>;
  readonly auth: ClusterMethods<AuthClient>;
  readonly lock: ClusterMethods<LockClient>;
  readonly election: ClusterMethods<ElectionClient>;
  /** Ends when the signal aborts; goes on at another member when the connection is lost. */
  watch(request: WatchRequest, options?: WatchCallOptions): AsyncIterable<WatchResponse>;
  /** Gives the seconds that the lease has again, three times in its life. */
  keepAlive(lease: bigint, options?: { readonly signal?: AbortSignal }): AsyncIterable<bigint>;
  /** A call of any method of any service. */
  call(method: MethodInfo, request: object, options?: ClusterCallOptions): Promise<object>;
  stream(method: MethodInfo, request: object, options?: ClusterCallOptions): AsyncIterable<object>;
  /** Calls that run, and later ones, fail with `closed`. Can be called twice. */
  close(): Promise<void>;
}

export interface WatchCallOptions {
  readonly signal?: AbortSignal;
  readonly onResume?: (failure: Error) => void;
}

/** Does not speak to anybody yet. Throws `invalid-argument` for what is no endpoint. */
export async function openClusterClient(options: ClusterClientOptions): Promise<ClusterClient> {
  return new FailoverClient(await import("@grpc/grpc-js"), options);
}

const READ_METHODS: ReadonlySet<string> = new Set([
  "Range",
  "LeaseTimeToLive",
  "LeaseLeases",
  "MemberList",
  "Status",
  "Hash",
  "HashKV",
  "Authenticate",
  "AuthStatus",
  "UserGet",
  "UserList",
  "RoleGet",
  "RoleList",
  "Leader",
]);
/** Of the services that a node of the mesh has as well. */
const NODE_READS: ReadonlySet<string> = new Set([
  "NodeService/GetStatus",
  "NodeService/ListTypes",
  ...["List", "Resolve", "Status", "Digest", "History", "Log"].map((name) => `StoreService/${name}`),
  "DynamicStoreService/Describe",
]);
const SESSION_METHODS: ReadonlySet<string> = new Set([
  "Put",
  "DeleteRange",
  "Txn",
  "Compact",
  "LeaseGrant",
  "LeaseRevoke",
]);
const WATCH_PATH = "/etcdserverpb.Watch/Watch";
const KEEP_ALIVE_PATH = "/etcdserverpb.Lease/LeaseKeepAlive";
const AUTHENTICATE_PATH = "/etcdserverpb.Auth/Authenticate";
/** A stream is not to hang on a member that has lost the others. */
const NEEDS_LEADER: MetadataFields = { hasleader: "true" };

class FailoverClient implements ClusterClient {
  readonly kv = this.#methodsOf(KVClient);
  readonly lease = this.#methodsOf(LeaseClient);
  readonly cluster = this.#methodsOf(ClusterServiceClient);
  readonly maintenance = this.#methodsOf(MaintenanceClient);
  readonly auth = this.#methodsOf(AuthClient);
  readonly lock = this.#methodsOf(LockClient);
  readonly election = this.#methodsOf(ElectionClient);
  readonly #options: ClusterClientOptions;
  readonly #endpoints: Endpoints;
  readonly #sessions: SessionPool | undefined;
  readonly #token: AuthToken;
  readonly #closing = new AbortController();

  constructor(grpc: typeof Grpc, options: ClusterClientOptions) {
    this.#options = options;
    this.#endpoints = new Endpoints({ grpc, endpoints: options.endpoints, tls: options.tls });
    this.#sessions = options.sessions === false ? undefined : new SessionPool();
    this.#token = new AuthToken(options.user, (request) => this.#authenticate(request));
  }

  async call(method: MethodInfo, request: object, options: ClusterCallOptions = {}): Promise<object> {
    const message = method.I.toBinary(method.I.create(request));
    const call = { path: pathOf(method), message, ...this.#bounds(options) };
    const reply = await this.#send(method, call);
    return method.O.fromBinary(reply);
  }

  async *stream(
    method: MethodInfo,
    request: object,
    options: ClusterCallOptions = {},
  ): AsyncGenerator<object> {
    const message = method.I.toBinary(method.I.create(request));
    const { signal } = this.#bounds(options);
    const metadata = { ...NEEDS_LEADER, ...(await this.#token.metadata()) };
    const connection = this.#endpoints.current;
    try {
      const replies = connection.serverStream(pathOf(method), message, { metadata, signal });
      for await (const reply of replies) yield method.O.fromBinary(reply);
    } catch (error) {
      this.#endpoints.leave(connection);
      throw this.#told(error);
    }
  }

  async *watch(request: WatchRequest, options: WatchCallOptions = {}): AsyncGenerator<WatchResponse> {
    const { signal } = this.#bounds(options);
    try {
      yield* watch(request, {
        open: (own) => this.#converse(WATCH_PATH, own),
        signal,
        onResume: options.onResume,
      });
    } catch (error) {
      throw this.#told(error);
    }
    this.#closing.signal.throwIfAborted();
  }

  async *keepAlive(lease: bigint, options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<bigint> {
    const { signal } = this.#bounds(options);
    yield* keepAlive(lease, { open: (own) => this.#converse(KEEP_ALIVE_PATH, own), signal });
    this.#closing.signal.throwIfAborted();
  }

  close(): Promise<void> {
    if (!this.#closing.signal.aborted)
      this.#closing.abort(new LatticeError("closed", "this client was closed"));
    this.#endpoints.close();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #send(method: MethodInfo, call: Call): Promise<Uint8Array> {
    try {
      if (isRead(method)) return await this.#deliver(call, { isRepeatable: true });
      const sessions = SESSION_METHODS.has(method.name) ? this.#sessions : undefined;
      if (sessions === undefined) return await this.#deliver(call, { isRepeatable: false });
      return await sessions.use((session) => this.#deliver(call, { isRepeatable: true, session }));
    } catch (error) {
      throw this.#told(error);
    }
  }

  #deliver(call: Call, { isRepeatable, session }: Delivery): Promise<Uint8Array> {
    const { timeoutMs, signal } = call;
    return withFailover(this.#endpoints, { timeoutMs, signal, isRepeatable }, async (connection, attempt) => {
      const send = async (): Promise<Uint8Array> => {
        const metadata = { ...(await this.#token.metadata()), ...session?.metadata };
        return connection.unary(call.path, call.message, { metadata, timeoutMs: attempt.timeoutMs, signal });
      };
      try {
        return await send();
      } catch (error) {
        if (!this.#isWorthAnother(error, { session, isFirst: attempt.isFirst })) throw error;
        return await send();
      }
    });
  }

  /** Refused for what can be helped: a token or a session that the cluster does not know any more. */
  #isWorthAnother(
    error: unknown,
    { session, isFirst }: { session: ClientSession | undefined; isFirst: boolean },
  ): boolean {
    if (!(error instanceof CallFailure) || error.kind !== "answered") return false;
    if (this.#token.isOutdatedBy(error.message)) return true;
    // Only a write that was not sent before cannot be one that the cluster has forgotten to have done.
    if (session === undefined || !isFirst || !SESSION_FORGOTTEN.test(error.message)) return false;
    session.beginAnew();
    return true;
  }

  #authenticate(request: Uint8Array): Promise<Uint8Array> {
    const { timeoutMs, signal } = this.#bounds({});
    return withFailover(this.#endpoints, { timeoutMs, signal, isRepeatable: true }, (connection, attempt) =>
      connection.unary(AUTHENTICATE_PATH, request, { metadata: {}, timeoutMs: attempt.timeoutMs, signal }),
    );
  }

  async #converse(path: string, signal: AbortSignal): Promise<Conversation> {
    const { timeoutMs } = this.#bounds({});
    const metadata = { ...NEEDS_LEADER, ...(await this.#token.metadata()) };
    let used: Connection | undefined;
    const conversation = await withFailover(
      this.#endpoints,
      { timeoutMs, signal, isRepeatable: true },
      (connection) => {
        used = connection;
        return connection.converse(path, { metadata, signal });
      },
    );
    return { ...conversation, messages: this.#leavingWhenLost(conversation.messages, used!) };
  }

  async *#leavingWhenLost(
    messages: AsyncIterable<Uint8Array>,
    connection: Connection,
  ): AsyncGenerator<Uint8Array> {
    try {
      yield* messages;
      // A member that ends it, though nobody asked for that, is about to stop.
      this.#endpoints.leave(connection);
    } catch (error) {
      this.#endpoints.leave(connection);
      if (error instanceof CallFailure) this.#token.isOutdatedBy(error.message);
      throw error;
    }
  }

  #bounds({ signal, timeoutMs }: ClusterCallOptions): { signal: AbortSignal; timeoutMs: number } {
    const closing = this.#closing.signal;
    return {
      signal: signal === undefined ? closing : AbortSignal.any([closing, signal]),
      timeoutMs: timeoutMs ?? this.#options.timeoutMs ?? CALL_TIMEOUT_MS_DEFAULT,
    };
  }

  #told(error: unknown): unknown {
    if (error instanceof CallFailure) return error.error;
    if (error instanceof EtcdError || error instanceof LatticeError) return error;
    return new LatticeError("cancelled", "the call was cancelled", { cause: error });
  }

  #methodsOf<Client>(service: ServiceClass<Client>): ClusterMethods<Client> {
    return Object.fromEntries(
      serviceInfoOf(service).methods.map((method) => [
        method.localName,
        (request: object, options?: ClusterCallOptions) =>
          method.serverStreaming
            ? this.stream(method, request, options)
            : this.call(method, request, options),
      ]),
    ) as ClusterMethods<Client>;
  }
}

const SESSION_FORGOTTEN = /^lattice: there is no such session/;

interface Call {
  readonly path: string;
  readonly message: Uint8Array;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

interface Delivery {
  readonly isRepeatable: boolean;
  readonly session?: ClientSession;
}

function isRead({ name, service }: MethodInfo): boolean {
  if (!service.typeName.startsWith("lattice.")) return READ_METHODS.has(name);
  return NODE_READS.has(`${service.typeName.slice(service.typeName.lastIndexOf(".") + 1)}/${name}`);
}

function pathOf(method: MethodInfo): string {
  return `/${method.service.typeName}/${method.name}`;
}

/**
 * A client in the server: calls this member's own services in the name of whoever has called, with the same checks and the
 * same permissions. What locks and elections are made of.
 */
import { etcdserverpb, type mvccpb } from "@lattice/etcd-proto";
import type { CallContext, Method, StreamCall } from "@lattice/grpc-front";
import { assert } from "@lattice/model";
import type { IMessageType } from "@protobuf-ts/runtime";
import { QUEUED_RESPONSES_MAX } from "./limits.ts";

export type LocalMethods = ReadonlyMap<string, Method>;

/** What happened at one revision or at some in a row. */
export interface WatchedEvents {
  readonly header: etcdserverpb.ResponseHeader;
  readonly events: readonly mvccpb.Event[];
}

export class LocalClient {
  readonly #methods: LocalMethods;
  readonly #call: CallContext;

  constructor(methods: LocalMethods, call: CallContext) {
    this.#methods = methods;
    this.#call = call;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  /** The same caller, for as long as the signal lasts instead of the call. */
  until(signal: AbortSignal): LocalClient {
    const { path, metadata, remote, commonName } = this.#call;
    return new LocalClient(this.#methods, {
      path,
      metadata,
      remote,
      commonName,
      deadlineMs: undefined,
      signal,
    });
  }

  range(request: Partial<etcdserverpb.RangeRequest>): Promise<etcdserverpb.RangeResponse> {
    const { RangeRequest, RangeResponse } = etcdserverpb;
    return this.#unary("/etcdserverpb.KV/Range", RangeRequest, RangeResponse, RangeRequest.create(request));
  }

  txn(request: etcdserverpb.TxnRequest): Promise<etcdserverpb.TxnResponse> {
    const { TxnRequest, TxnResponse } = etcdserverpb;
    return this.#unary("/etcdserverpb.KV/Txn", TxnRequest, TxnResponse, request);
  }

  deleteKey(key: Uint8Array): Promise<etcdserverpb.DeleteRangeResponse> {
    const { DeleteRangeRequest, DeleteRangeResponse } = etcdserverpb;
    const request = DeleteRangeRequest.create({ key });
    return this.#unary("/etcdserverpb.KV/DeleteRange", DeleteRangeRequest, DeleteRangeResponse, request);
  }

  async grantLease(ttlSeconds: bigint): Promise<bigint> {
    const { LeaseGrantRequest, LeaseGrantResponse } = etcdserverpb;
    const request = LeaseGrantRequest.create({ ttl: ttlSeconds });
    return (
      await this.#unary("/etcdserverpb.Lease/LeaseGrant", LeaseGrantRequest, LeaseGrantResponse, request)
    ).id;
  }

  /**
   * Until it is left, or the call is over, which throws. Ends where the server ends it: because the revision has been compacted,
   * or the caller may not see these keys (any more).
   */
  async *watch(request: Partial<etcdserverpb.WatchCreateRequest>): AsyncGenerator<WatchedEvents, void, void> {
    const create = etcdserverpb.WatchCreateRequest.create(request);
    using watch = new LocalWatch(this.#method("/etcdserverpb.Watch/Watch", "stream"), this.#call, create);
    for await (const bytes of watch.responses()) {
      const response = etcdserverpb.WatchResponse.fromBinary(bytes);
      if (response.canceled) return;
      if (response.events.length > 0) yield { header: response.header!, events: response.events };
    }
  }

  async #unary<Q extends object, R extends object>(
    path: string,
    request: IMessageType<Q>,
    response: IMessageType<R>,
    message: Q,
  ): Promise<R> {
    const { handle } = this.#method(path, "unary");
    return response.fromBinary(await handle(request.toBinary(message), this.#call));
  }

  #method<K extends Method["kind"]>(path: string, kind: K): Extract<Method, { kind: K }> {
    const method = this.#methods.get(path);
    assert(method?.kind === kind, `this server has the method ${path}`);
    return method as Extract<Method, { kind: K }>;
  }
}

/** One call of the Watch service with one watch in it. */
class LocalWatch implements Disposable {
  readonly #queue: Uint8Array[] = [];
  /** Resolves when the caller wants no more. */
  readonly #left = Promise.withResolvers<void>();
  readonly #handled: Promise<void>;
  #isHandled = false;
  #arrived = Promise.withResolvers<void>();
  #drained = Promise.withResolvers<void>();

  constructor(
    { handle }: Extract<Method, { kind: "stream" }>,
    call: CallContext,
    create: etcdserverpb.WatchCreateRequest,
  ) {
    const { path, metadata, remote, commonName, deadlineMs, signal } = call;
    const stream: StreamCall = {
      path,
      metadata,
      remote,
      commonName,
      deadlineMs,
      signal,
      requests: this.#requests(create, signal),
      send: (message) => this.#send(message),
      drained: () => this.#drained.promise,
    };
    this.#handled = handle(stream);
    const end = () => this.#end();
    this.#handled.then(end, end);
  }

  async *responses(): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      for (const message of this.#queue.splice(0)) yield message;
      this.#drained.resolve();
      this.#drained = Promise.withResolvers();
      if (this.#queue.length > 0) continue;
      if (this.#isHandled) break;
      await this.#arrived.promise;
      this.#arrived = Promise.withResolvers();
    }
    await this.#handled;
  }

  [Symbol.dispose](): void {
    this.#left.resolve();
    this.#drained.resolve();
  }

  async *#requests(
    create: etcdserverpb.WatchCreateRequest,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, void> {
    const { WatchRequest } = etcdserverpb;
    yield WatchRequest.toBinary({ requestUnion: { oneofKind: "createRequest", createRequest: create } });
    const leave = () => this.#left.resolve();
    signal.addEventListener("abort", leave);
    if (signal.aborted) leave();
    await this.#left.promise;
    signal.removeEventListener("abort", leave);
    signal.throwIfAborted();
  }

  #send(message: Uint8Array): boolean {
    this.#queue.push(message);
    this.#arrived.resolve();
    return this.#queue.length < QUEUED_RESPONSES_MAX;
  }

  #end(): void {
    this.#isHandled = true;
    this.#arrived.resolve();
  }
}

/**
 * The one interface through which everybody uses a node: a program in the same process, the command line over the
 * socket, later the web page. Which of them it is shows only in how the client was made.
 */
import type { MethodInfo, ServiceInfo } from "@protobuf-ts/runtime-rpc";
import { LatticeError } from "@lattice/model/errors";
import { DynamicStoreServiceClient, NodeServiceClient, StoreServiceClient } from "@lattice/proto";
import { serviceInfoOf, type CallOptions, type Methods } from "@lattice/store/methods";

export interface LatticeClient extends AsyncDisposable {
  readonly node: Methods<NodeServiceClient>;
  readonly store: Methods<StoreServiceClient>;
  readonly dynamic: Methods<DynamicStoreServiceClient>;
  /** Ends the connection, not the node: calls that run, and later ones, fail with `closed`. Can be called twice. */
  close(): Promise<void>;
}

/** How a client's calls get to their handlers. Both take partial requests and any signal. */
export interface Caller {
  unary(method: MethodInfo, request: object, options: CallOptions): Promise<object>;
  stream(method: MethodInfo, request: object, options: CallOptions): AsyncIterable<object>;
  close(): Promise<void>;
}

export function clientOf(caller: Caller): LatticeClient {
  const closing = new AbortController();
  const withClosing = (options: CallOptions = {}): CallOptions => ({
    signal: options.signal === undefined ? closing.signal : AbortSignal.any([closing.signal, options.signal]),
  });
  const methodsOf = <Client>(service: ServiceInfo): Methods<Client> =>
    Object.fromEntries(
      service.methods.map((method) => [
        method.localName,
        (request: object, options?: CallOptions) =>
          caller[method.serverStreaming ? "stream" : "unary"](method, request, withClosing(options)),
      ]),
    ) as Methods<Client>;
  const close = async (): Promise<void> => {
    if (closing.signal.aborted) return;
    closing.abort(new LatticeError("closed", "this client was closed"));
    await caller.close();
  };
  return {
    node: methodsOf(serviceInfoOf(NodeServiceClient)),
    store: methodsOf(serviceInfoOf(StoreServiceClient)),
    dynamic: methodsOf(serviceInfoOf(DynamicStoreServiceClient)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

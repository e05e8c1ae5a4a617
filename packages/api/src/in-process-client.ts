/** The client of a node in this very process: no socket, no bytes, the same behaviour. */
import type { MethodInfo } from "@protobuf-ts/runtime-rpc";
import type { DynamicStoreServiceClient, NodeServiceClient, StoreServiceClient } from "@lattice/proto";
import { clientOf, type LatticeClient } from "./client.ts";
import { callStream, callUnary, type AnyServiceHandlers, type ServiceHandlers } from "./handlers.ts";

/** What a node offers. */
export interface LatticeHandlers {
  readonly node: ServiceHandlers<NodeServiceClient>;
  readonly store: ServiceHandlers<StoreServiceClient>;
  readonly dynamic: ServiceHandlers<DynamicStoreServiceClient>;
}

/**
 * Differs from the remote client in two things that types rule out or nobody meets: values of a wrong type are not
 * noticed, and messages above 8 MiB pass.
 */
export function inProcessClient(handlers: LatticeHandlers): LatticeClient {
  const all: readonly AnyServiceHandlers[] = [handlers.node, handlers.store, handlers.dynamic];
  const byService = new Map(all.map((some) => [some.service.typeName, some]));
  const handlersOf = (method: MethodInfo): AnyServiceHandlers => byService.get(method.service.typeName)!;
  return clientOf({
    unary: (method, request, options) => callUnary(handlersOf(method), method, request, options),
    stream: (method, request, options) => callStream(handlersOf(method), method, request, options),
    close: () => Promise.resolve(),
  });
}

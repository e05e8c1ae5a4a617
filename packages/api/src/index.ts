export type { LatticeClient } from "./client.ts";
export {
  callStream,
  callUnary,
  implementService,
  type AnyServiceHandlers,
  type CallContext,
  type Handlers,
  type ServiceHandlers,
} from "./handlers.ts";
export { inProcessClient, type LatticeHandlers } from "./in-process-client.ts";
export { methodsOfStore, type StoreOfType } from "./methods-of-store.ts";
export { connect } from "./remote-client.ts";
export { serveGrpc, type GrpcServer, type ServeGrpcOptions } from "./grpc-server.ts";
export { Health, healthHandlers } from "./health.ts";
export { describeService } from "./descriptors/describe-service.ts";
export { messageTypesOf, type MessageTypes } from "./descriptors/message-types-of.ts";
export { HELP_OPTION, NAMED_OPTION, SUMMARY_OPTION, VALUES_OPTION } from "./descriptors/custom-options.ts";
export { MESSAGE_BYTES_MAX } from "./limits.ts";
export { decodeMessage, encodeMessage } from "./messages.ts";
export { callError, oneLine } from "./call-error.ts";
export { hasPosition, positionOf, setPosition } from "./position.ts";
export { CODE_OF_GRPC_STATUS, GRPC_STATUS_OF_CODE, HTTP_STATUS_OF_CODE } from "./status.ts";
export { tracedHandlers, type Span, type SpanFacts, type Tracing } from "./tracing.ts";
export { nodeHandlers } from "./services/node-handlers.ts";
export type { ClusterView } from "./services/cluster-view.ts";
export type { ProcessFacts } from "./services/node-service.ts";

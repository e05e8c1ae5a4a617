/** A method that is made of calls of other methods. */
import { EtcdError, GrpcCode } from "@lattice/etcd-proto";
import { GrpcError, type CallContext, type Method } from "@lattice/grpc-front";
import type { IMessageType } from "@protobuf-ts/runtime";
import { asGrpcError, unaryMethod } from "../services/unary-method.ts";

export interface LocalMethodOptions<Q extends object, R extends object> {
  readonly request: IMessageType<Q>;
  readonly response: IMessageType<R>;
  readonly handle: (request: Q, call: CallContext) => Promise<R>;
}

export function localMethod<Q extends object, R extends object>(options: LocalMethodOptions<Q, R>): Method {
  const { request, response, handle } = options;
  return unaryMethod({
    request,
    response,
    handle: (message, call) =>
      handle(message, call).catch((error: unknown) => Promise.reject(innerError(error))),
  });
}

/**
 * etcd gives its own errors on to the callers of such a method without their codes. Those that may go away by themselves keep theirs here, so that
 * clients know that they may try again.
 */
export function innerError(error: unknown): unknown {
  const known = asGrpcError(error);
  if (!(known instanceof GrpcError) || known.code === GrpcCode.UNAVAILABLE) return known;
  return new GrpcError(GrpcCode.UNKNOWN, known.message);
}

/** Without a code, as are all that etcd's locks and elections have of their own. */
export function plainError(text: string): EtcdError {
  return new EtcdError(GrpcCode.UNKNOWN, text);
}

/** A method of etcd's with its messages decoded and encoded, and what it throws as the front wants it. */
import { EtcdError } from "@lattice/etcd-proto";
import { GrpcCode, GrpcError, type CallContext, type Method } from "@lattice/grpc-front";
import type { IMessageType } from "@protobuf-ts/runtime";

export interface UnaryMethodOptions<Q extends object, R extends object> {
  readonly request: IMessageType<Q>;
  readonly response: IMessageType<R>;
  /** Throws `EtcdError`. */
  readonly handle: (request: Q, call: CallContext) => Promise<R>;
}

export function unaryMethod<Q extends object, R extends object>(options: UnaryMethodOptions<Q, R>): Method {
  const { request, response, handle } = options;
  return {
    kind: "unary",
    handle: async (bytes, call) => {
      const message = decodeMessage(request, bytes);
      try {
        return response.toBinary(await handle(message, call));
      } catch (error) {
        throw asGrpcError(error);
      }
    },
  };
}

/** Refuses bytes that are no such message, with the code that grpc-go has for it. */
export function decodeMessage<T extends object>(
  type: { fromBinary(bytes: Uint8Array): T },
  bytes: Uint8Array,
): T {
  try {
    return type.fromBinary(bytes);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new GrpcError(GrpcCode.INTERNAL, `grpc: failed to unmarshal the received message: ${why}`);
  }
}

export function asGrpcError(error: unknown): unknown {
  return error instanceof EtcdError ? new GrpcError(error.code as GrpcCode, error.message) : error;
}

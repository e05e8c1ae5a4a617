/** Handlers of a service of this project as methods of the member's front. */
import type { CallContext, Method, StreamCall } from "@lattice/grpc-front";
import { LatticeError } from "@lattice/model";
import type { MethodInfo, ServiceInfo } from "@protobuf-ts/runtime-rpc";
import type { ServiceMethods } from "../services/member-port.ts";
import { asGrpcError } from "../services/unary-method.ts";

/** By local name. A unary one gives a part of its reply, a stream parts of its messages. */
export type LatticeHandlers = Readonly<
  Record<string, (request: never, call: CallContext) => Promise<object> | AsyncIterable<object>>
>;

export function* latticeMethods(service: ServiceInfo, handlers: LatticeHandlers): ServiceMethods {
  for (const method of service.methods) {
    const handler = handlers[method.localName] ?? (() => Promise.reject(unimplemented(service, method)));
    const path = `/${service.typeName}/${method.name}`;
    yield [path, method.serverStreaming ? stream(method, handler) : unary(method, handler)];
  }
}

function unary({ I, O }: MethodInfo, handler: LatticeHandlers[string]): Method {
  return {
    kind: "unary",
    handle: async (bytes, call) => {
      const request = decoded(I, bytes);
      try {
        return O.toBinary(O.create(await (handler(request as never, call) as Promise<object>)));
      } catch (error) {
        throw asGrpcError(error);
      }
    },
  };
}

function stream({ I, O }: MethodInfo, handler: LatticeHandlers[string]): Method {
  return {
    kind: "stream",
    handle: async (call) => {
      const request = decoded(I, await only(call));
      try {
        // A stream that is not there is refused by what would be its reply.
        const replies = await (handler(request as never, call) as
          | AsyncIterable<object>
          | Promise<AsyncIterable<object>>);
        for await (const reply of replies) {
          if (call.signal.aborted) return;
          if (!call.send(O.toBinary(O.create(reply)))) await call.drained();
        }
      } catch (error) {
        if (!call.signal.aborted) throw asGrpcError(error);
      }
    },
  };
}

async function only({ requests }: StreamCall): Promise<Uint8Array> {
  for await (const request of requests) return request;
  throw new LatticeError("invalid-argument", "the call has no request");
}

function decoded(type: MethodInfo["I"], bytes: Uint8Array): object {
  try {
    return type.fromBinary(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)) as object;
  } catch (cause) {
    throw new LatticeError("invalid-argument", `the message is no ${type.typeName}`, { cause });
  }
}

function unimplemented({ typeName }: ServiceInfo, { name }: MethodInfo): LatticeError {
  const service = typeName.slice(typeName.lastIndexOf(".") + 1);
  return new LatticeError(
    "unimplemented",
    `a cluster has no ${service}.${name}: that is for stores that nodes share`,
  );
}

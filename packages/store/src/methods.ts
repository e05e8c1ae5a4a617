/**
 * From the client class that protobuf-ts generates for a service to the types of its methods. One value, the
 * class, gives both the types and, at run time, the reflection.
 */
import type { PartialMessage } from "@protobuf-ts/runtime";
import type { RpcTransport, ServerStreamingCall, ServiceInfo, UnaryCall } from "@protobuf-ts/runtime-rpc";

/** Such as `KvStoreClient`. */
export type ServiceClass<Client> = new (transport: RpcTransport) => Client & ServiceInfo;

type UnaryTypes<Method> = Method extends (input: infer Request, ...rest: never[]) => infer Call
  ? Call extends UnaryCall<any, infer Reply>
    ? { request: Request; reply: Reply }
    : never
  : never;

type StreamTypes<Method> = Method extends (input: infer Request, ...rest: never[]) => infer Call
  ? Call extends ServerStreamingCall<any, infer Reply>
    ? { request: Request; reply: Reply }
    : never
  : never;

export type UnaryName<Client> = {
  [Name in keyof Client]: [UnaryTypes<Client[Name]>] extends [never] ? never : Name;
}[keyof Client] &
  string;

export type StreamName<Client> = {
  [Name in keyof Client]: [StreamTypes<Client[Name]>] extends [never] ? never : Name;
}[keyof Client] &
  string;

export type UnaryRequest<Client, Name extends keyof Client> = UnaryTypes<Client[Name]>["request"];
export type UnaryReply<Client, Name extends keyof Client> = UnaryTypes<Client[Name]>["reply"];
export type StreamRequest<Client, Name extends keyof Client> = StreamTypes<Client[Name]>["request"];
export type StreamReply<Client, Name extends keyof Client> = StreamTypes<Client[Name]>["reply"];

export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** A store's methods as its users call them, in process or from afar. */
export type Methods<Client> = {
  readonly [Name in UnaryName<Client>]: (
    request: PartialMessage<UnaryRequest<Client, Name> & object>,
    options?: CallOptions,
  ) => Promise<UnaryReply<Client, Name>>;
} & {
  readonly [Name in StreamName<Client>]: (
    request: PartialMessage<StreamRequest<Client, Name> & object>,
    options?: CallOptions,
  ) => AsyncIterable<StreamReply<Client, Name>>;
};

/** The reflection of a service, which its client class carries. */
export function serviceInfoOf<Client>(service: ServiceClass<Client>): ServiceInfo {
  // The class only keeps its transport; nothing is called on it here.
  const { typeName, methods, options } = new service(undefined as unknown as RpcTransport);
  return { typeName, methods, options };
}

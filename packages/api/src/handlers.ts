/**
 * A service as a value: its reflection, and a handler for each of its methods. Knows nothing of how a call comes in;
 * the client in the same process, the gRPC server and the HTTP server all call handlers through `callUnary` and
 * `callStream`, so that a call means the same wherever it comes from.
 */
import type { PartialMessage } from "@protobuf-ts/runtime";
import type { MethodInfo, ServerStreamingCall, ServiceInfo, UnaryCall } from "@protobuf-ts/runtime-rpc";
import { LatticeError } from "@lattice/model/errors";
import { serviceInfoOf, type CallOptions, type ServiceClass } from "@lattice/store";
import { replyStream } from "./reply-stream.ts";
import { untilAborted } from "./until-aborted.ts";

export interface CallContext {
  /** Aborts when the caller no longer wants the reply. */
  readonly signal: AbortSignal;
}

type Reply<T> = T extends object ? PartialMessage<T> : never;

type UnaryHandlerOf<Method> = Method extends (
  input: infer Request,
  ...rest: never[]
) => UnaryCall<any, infer Answer>
  ? (request: Request, context: CallContext) => Promise<Reply<Answer>>
  : never;

type StreamHandlerOf<Method> = Method extends (
  input: infer Request,
  ...rest: never[]
) => ServerStreamingCall<any, infer Answer>
  ? (request: Request, context: CallContext) => AsyncIterable<Reply<Answer>>
  : never;

type HandlerOf<Method> = UnaryHandlerOf<Method> | StreamHandlerOf<Method>;

/** One handler for each method of the service. Handlers may throw anything; callers see a `LatticeError`. */
export type Handlers<Client> = {
  readonly [
    Name in keyof Client as [HandlerOf<Client[Name]>] extends [never] ? never : Name & string
  ]: HandlerOf<Client[Name]>;
};

export interface ServiceHandlers<Client> {
  readonly service: ServiceInfo;
  readonly methods: Handlers<Client>;
}

/** Handlers as those see them who serve any service. By the methods' local names, such as `getStatus`. */
export interface AnyServiceHandlers {
  readonly service: ServiceInfo;
  readonly methods: Readonly<Record<string, (request: never, context: CallContext) => unknown>>;
}

/**
 * Checks at definition, for callers without types too, that the handlers are exactly those of the service's methods.
 * Throws `invalid-argument`.
 */
export function implementService<Client>(
  service: ServiceClass<Client>,
  methods: Handlers<Client>,
): ServiceHandlers<Client> {
  const info = serviceInfoOf(service);
  checkHandlers(info, methods);
  return { service: info, methods };
}

export function checkHandlers(service: ServiceInfo, methods: AnyServiceHandlers["methods"]): void {
  const names = new Set<string>();
  for (const method of service.methods) {
    names.add(method.localName);
    if (method.clientStreaming) {
      throw new LatticeError(
        "invalid-argument",
        `${service.typeName}.${method.name}: requests cannot be a stream`,
      );
    }
    if (!Object.hasOwn(methods, method.localName) || typeof methods[method.localName] !== "function") {
      throw new LatticeError("invalid-argument", `${service.typeName}: no handler for ${method.localName}`);
    }
  }
  for (const name of Object.keys(methods)) {
    if (!names.has(name))
      throw new LatticeError("invalid-argument", `${service.typeName} has no method ${name}`);
  }
}

/** The request may be partial. Rejects with a `LatticeError`, at once when the signal aborts. */
export function callUnary(
  handlers: AnyServiceHandlers,
  method: MethodInfo,
  request: object,
  options: CallOptions = {},
): Promise<object> {
  const signal = options.signal ?? new AbortController().signal;
  return untilAborted(signal, async () => {
    const run = handlers.methods[method.localName] as (
      request: object,
      context: CallContext,
    ) => Promise<object>;
    return method.O.create(await run(method.I.create(request), { signal }));
  });
}

/** The request may be partial. As `replyStream` says: starts with the first `next`, ends when the consumer stops. */
export function callStream(
  handlers: AnyServiceHandlers,
  method: MethodInfo,
  request: object,
  options: CallOptions = {},
): AsyncIterable<object> {
  const run = handlers.methods[method.localName] as (
    request: object,
    context: CallContext,
  ) => AsyncIterable<object>;
  return replyStream(async function* replies(signal) {
    for await (const reply of run(method.I.create(request), { signal })) yield method.O.create(reply);
  }, options.signal);
}

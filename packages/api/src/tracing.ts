/** Where calls leave a trace of how long they took and what became of them, for whoever collects such. */
import type { MethodInfo } from "@protobuf-ts/runtime-rpc";
import { callStream, callUnary, type AnyServiceHandlers } from "./handlers.ts";
import type { LatticeHandlers } from "./in-process-client.ts";

export interface SpanFacts {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** `server`: somebody asked for it. Default: that. */
  readonly kind?: "server" | "internal";
  /** When it began, in milliseconds since 1970. Default: now. */
  readonly startMs?: number;
}

export interface Span {
  /** `error`: what it failed with, if it did. Once. */
  end(error?: unknown): void;
  /** What is traced within `work` is a part of this. */
  run<T>(work: () => T): T;
}

/** A port: what is behind it is loaded only where tracing is wanted. */
export interface Tracing {
  /** A part of whatever is being traced here. */
  start(facts: SpanFacts): Span;
  /** What is traced within `work` is a part of what the caller traces: the value of a `traceparent` header (W3C). */
  within<T>(traceparent: string | undefined, work: () => T): T;
}

/** The same handlers, of which every call is traced, wherever it comes from. */
export function tracedHandlers(handlers: LatticeHandlers, tracing: Tracing): LatticeHandlers {
  return {
    node: traced(handlers.node, tracing),
    store: traced(handlers.store, tracing),
    dynamic: traced(handlers.dynamic, tracing),
  };
}

function traced<Handlers extends AnyServiceHandlers>(handlers: Handlers, tracing: Tracing): Handlers {
  const methods = handlers.service.methods.map((method) => [
    method.localName,
    method.serverStreaming ? tracedStream(handlers, method, tracing) : tracedUnary(handlers, method, tracing),
  ]);
  return { ...handlers, methods: Object.fromEntries(methods) as Handlers["methods"] };
}

interface Context {
  readonly signal: AbortSignal;
}

function tracedUnary(handlers: AnyServiceHandlers, method: MethodInfo, tracing: Tracing) {
  return async (request: object, context: Context): Promise<object> => {
    const span = tracing.start(factsOf(method, request));
    try {
      const reply = await span.run(() => callUnary(handlers, method, request, context));
      span.end();
      return reply;
    } catch (error) {
      span.end(error);
      throw error;
    }
  };
}

function tracedStream(handlers: AnyServiceHandlers, method: MethodInfo, tracing: Tracing) {
  return async function* trace(request: object, context: Context): AsyncIterable<object> {
    const span = tracing.start(factsOf(method, request));
    let failure: unknown;
    try {
      yield* callStream(handlers, method, request, context);
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      span.end(failure);
    }
  };
}

/** Of a request, what names things, and nothing that it carries. */
function factsOf({ service, name }: MethodInfo, request: object): SpanFacts {
  const { store, method } = request as { store?: unknown; method?: unknown };
  return {
    name: `${service.typeName}/${name}`,
    attributes: {
      "rpc.system": "lattice",
      "rpc.service": service.typeName,
      "rpc.method": name,
      ...(typeof store === "string" && store !== "" ? { "lattice.store": store } : {}),
      ...(typeof method === "string" && method !== "" ? { "lattice.method": method } : {}),
    },
  };
}

/**
 * Traces for whoever collects them, by OpenTelemetry: spans go to an OTLP receiver over HTTP, as the variables say that
 * OpenTelemetry has for it (`OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_SERVICE_NAME` and so on). Its packages are large, so they are loaded
 * only where there is such a receiver. Nothing global is set: an application that embeds a node may trace in ways of its own.
 */
import type { Span as OtelSpan } from "@opentelemetry/api";
import type { Span, SpanFacts, Tracing } from "@lattice/api";
import { LatticeError } from "@lattice/model";
import { VERSION } from "./version.ts";

/** How long a node that ends waits for the last spans to be taken. */
const CLOSE_WAIT_MS = 2_000;

export interface OpenTracing extends Tracing {
  /** Sends what was not sent yet, or gives up after two seconds. Can be called twice. */
  close(): Promise<void>;
}

/** Undefined where no receiver is named, or tracing is switched off. */
export async function openTracing(env: NodeJS.ProcessEnv = process.env): Promise<OpenTracing | undefined> {
  const endpoint = env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] || env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  const isOff = env["OTEL_SDK_DISABLED"]?.toLowerCase() === "true" || env["OTEL_TRACES_EXPORTER"] === "none";
  if (endpoint === undefined || endpoint === "" || isOff) return undefined;
  if (!URL.canParse(endpoint)) {
    throw new LatticeError(
      "invalid-argument",
      "OTEL_EXPORTER_OTLP_ENDPOINT is no URL: give one such as http://localhost:4318",
    );
  }
  const [otel, hooks, exporter, resources, sdk, core] = await Promise.all([
    import("@opentelemetry/api"),
    import("@opentelemetry/context-async-hooks"),
    import("@opentelemetry/exporter-trace-otlp-http"),
    import("@opentelemetry/resources"),
    import("@opentelemetry/sdk-trace"),
    import("@opentelemetry/core"),
  ]);
  const named = resources.resourceFromAttributes({
    "service.name": env["OTEL_SERVICE_NAME"] || "lattice",
    "service.version": VERSION,
  });
  const provider = new sdk.TracerProvider({
    resource: resources.defaultResource().merge(named),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter: new exporter.OTLPTraceExporter() })],
  });
  const tracer = provider.getTracer("lattice", VERSION);
  const contexts = new hooks.AsyncLocalStorageContextManager().enable();

  const spanOf = (span: OtelSpan): Span => ({
    end(error) {
      if (error !== undefined) {
        const { code, message } = LatticeError.from(error);
        span.setAttribute("error.type", code);
        span.setStatus({ code: otel.SpanStatusCode.ERROR, message });
      }
      span.end();
    },
    run: (work) => contexts.with(otel.trace.setSpan(contexts.active(), span), work),
  });
  const start = ({ name, attributes, kind = "server", startMs }: SpanFacts): Span => {
    const kinds = { server: otel.SpanKind.SERVER, internal: otel.SpanKind.INTERNAL };
    const options = {
      kind: kinds[kind],
      attributes,
      ...(startMs === undefined ? {} : { startTime: startMs }),
    };
    return spanOf(tracer.startSpan(name, options, contexts.active()));
  };
  const within = <T>(traceparent: string | undefined, work: () => T): T => {
    const parent = traceparent === undefined ? null : core.parseTraceParent(traceparent);
    if (parent === null) return work();
    const context = otel.trace.setSpanContext(otel.ROOT_CONTEXT, { ...parent, isRemote: true });
    return contexts.with(context, work);
  };
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= withinMs(provider.shutdown(), CLOSE_WAIT_MS));
  return { start, within, close };
}

/** Whether it succeeds or not: nobody can do anything about it any more. */
async function withinMs(work: Promise<void>, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([work.catch(() => undefined), promise]);
  clearTimeout(timer);
}

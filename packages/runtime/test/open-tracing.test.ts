/** Traces as a real receiver of OpenTelemetry's gets them: OTLP over HTTP, in JSON. */
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { openRuntime, openTracing } from "../src/index.ts";
import { dataDirectory } from "./data-directories.ts";

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
  readonly status: { readonly code?: number; readonly message?: string };
}

interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: OtlpSpan["attributes"] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

const { SERVER, INTERNAL } = { SERVER: 2, INTERNAL: 1 };
const ERROR = 2;

async function receiver() {
  const received: OtlpRequest[] = [];
  const server = createServer((request, response) => {
    expect(request.url).toBe("/v1/traces");
    void json(request).then((body) => {
      received.push(body as OtlpRequest);
      response.setHeader("content-type", "application/json").end("{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const spans = () =>
    received
      .flatMap(({ resourceSpans }) => resourceSpans)
      .flatMap(({ scopeSpans }) => scopeSpans)
      .flatMap((scope) => scope.spans);
  return { endpoint, spans, received };
}

function attributesOf({ attributes }: { attributes: OtlpSpan["attributes"] }): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

/** The exporter reads where to send from the environment of the process. */
async function tracingTo(endpoint: string) {
  process.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint;
  onTestFinished(() => void delete process.env["OTEL_EXPORTER_OTLP_ENDPOINT"]);
  return (await openTracing())!;
}

test("nothing is traced where nobody is named to take it, or it is switched off", async () => {
  const endpoint = "http://localhost:4318";
  expect(await openTracing({})).toBeUndefined();
  expect(await openTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: "" })).toBeUndefined();
  expect(
    await openTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SDK_DISABLED: "true" }),
  ).toBeUndefined();
  expect(
    await openTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_EXPORTER: "none" }),
  ).toBeUndefined();
  await expect(openTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: "no url" })).rejects.toMatchObject({
    code: "invalid-argument",
  });
});

test("calls and syncs arrive as spans, as parts of what their caller traces", async () => {
  const { endpoint, spans, received } = await receiver();
  const tracing = await tracingTo(endpoint);
  const options = { listen: [{ host: "127.0.0.1" }], serve: false } as const;
  const alice = await openRuntime({ ...options, dataDirectory: dataDirectory(), web: { port: 0 }, tracing });
  const bob = await openRuntime({ ...options, dataDirectory: dataDirectory() });
  try {
    const store = await alice.client.store.create({ name: "notes" });
    const { token } = await alice.client.store.invite({ store: "notes" });
    for await (const step of bob.client.node.join({ token })) void step;
    await bob.client.store.sync({ store: "notes" });
    await expect(alice.client.store.status({ store: "nowhere" })).rejects.toMatchObject({
      code: "not-found",
    });
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const link = new URL(alice.web!.link());
    const visit = await fetch(link, { redirect: "manual" });
    const cookie = visit.headers.getSetCookie()[0]!.split(";", 1)[0]!;
    const asked = await fetch(`${alice.web!.url}/api/NodeService/GetStatus`, {
      headers: { cookie, origin: alice.web!.url, traceparent: `00-${traceId}-b7ad6b7169203331-01` },
    });
    expect(asked.status).toBe(200);
    expect(store.name).toBe("notes");
    await bob.close();
    await alice.close();
    await tracing.close();
    const byName = Map.groupBy(spans(), ({ name }) => name);
    const create = byName.get("lattice.daemon.v1.StoreService/Create")![0]!;
    expect(create).toMatchObject({ kind: SERVER, status: {} });
    expect(attributesOf(create)).toMatchObject({
      "rpc.method": "Create",
      "rpc.service": "lattice.daemon.v1.StoreService",
    });
    const failed = byName.get("lattice.daemon.v1.StoreService/Status")![0]!;
    expect(failed.status).toMatchObject({ code: ERROR, message: expect.stringContaining("nowhere") });
    expect(attributesOf(failed)).toMatchObject({ "error.type": "not-found", "lattice.store": "nowhere" });
    expect(byName.get("lattice.daemon.v1.NodeService/GetStatus")).toMatchObject([
      { traceId, parentSpanId: "b7ad6b7169203331" },
    ]);
    const sync = byName.get("sync")![0]!;
    expect(sync.kind).toBe(INTERNAL);
    expect(BigInt(sync.endTimeUnixNano) >= BigInt(sync.startTimeUnixNano)).toBe(true);
    expect(attributesOf(sync)).toMatchObject({ "lattice.store": expect.stringMatching(/^[0-9a-f-]{36}$/) });
    const { resource } = received[0]!.resourceSpans[0]!;
    expect(attributesOf(resource)).toMatchObject({
      "service.name": "lattice",
      "service.version": expect.any(String),
    });
    expect(JSON.stringify(received)).not.toContain(token);
  } finally {
    await bob.close();
    await alice.close();
  }
});

test("a node ends though nobody takes its spans", async () => {
  const tracing = await tracingTo("http://127.0.0.1:9");
  tracing.start({ name: "lost", attributes: {} }).end();
  await tracing.close();
  await tracing.close();
  expect(tracing.within("nonsense", () => 7)).toBe(7);
});

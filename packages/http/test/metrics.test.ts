import { describe, expect, test } from "vitest";
import { counter, gauge, Histogram } from "../src/index.ts";
import { formatMetrics } from "../src/metrics/metric.ts";
import { aborted, serve, TOKEN, type Served } from "./fake-node.ts";

async function scrape(served: Served): Promise<string> {
  const { status, headers, text } = await served.ask("/metrics", {
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  expect(status).toBe(200);
  expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  return text;
}

describe("the text format", () => {
  test("has help, type and samples, and nothing of a metric without any", () => {
    const text = formatMetrics([
      counter("a_total", "What\nis \\ it.", 3),
      gauge("b_bytes", "Size.", [{ labels: { name: 'a "b"\\\n' }, value: 0.5 }, { value: Infinity }]),
      gauge("c", "Nothing.", []),
    ]);
    expect(text).toBe(
      "# HELP a_total What\\nis \\\\ it.\n# TYPE a_total counter\na_total 3\n" +
        '# HELP b_bytes Size.\n# TYPE b_bytes gauge\nb_bytes{name="a \\"b\\"\\\\\\n"} 0.5\nb_bytes +Inf\n',
    );
  });

  test("a histogram counts up from bucket to bucket", () => {
    const histogram = new Histogram();
    for (const ms of [0.5, 1, 1.1, 3, 20_000]) histogram.observeMs(ms);
    const values = new Map(
      histogram.samples().map(({ suffix, labels, value }) => [suffix! + (labels?.["le"] ?? ""), value]),
    );
    expect(values.get("_bucket0.0005")).toBe(1);
    expect(values.get("_bucket0.001")).toBe(2);
    expect(values.get("_bucket0.0025")).toBe(3);
    expect(values.get("_bucket10")).toBe(4);
    expect(values.get("_bucket+Inf")).toBe(5);
    expect(values.get("_count")).toBe(5);
    expect(values.get("_sum")).toBeCloseTo(20.0056);
  });
});

describe("/metrics", () => {
  test("tells what was asked for, and never what a stranger made up", async () => {
    const served = await serve({ node: { getStatus: async () => ({}) } });
    await served.call("NodeService/GetStatus");
    await served.call("NodeService/GetStatus", {}, { body: "{" });
    await served.ask("/evil-path-1.js");
    await served.call("Evil/Service2");
    const text = await scrape(served);
    const route = "lattice.daemon.v1.NodeService/GetStatus";
    expect(text).toContain(`lattice_http_requests_total{route="${route}",status="200"} 1\n`);
    expect(text).toContain(`lattice_http_requests_total{route="${route}",status="400"} 1\n`);
    expect(text).toContain('lattice_http_requests_total{route="page",status="404"} 1\n');
    expect(text).toContain('lattice_http_requests_total{route="api",status="404"} 1\n');
    expect(text).not.toMatch(/evil/i);
    expect(text).toMatch(/^lattice_http_request_seconds_count 4$/m);
    expect(text).toMatch(/^process_resident_memory_bytes [1-9]\d+$/m);
    expect(text).toMatch(/^nodejs_eventloop_delay_seconds\{quantile="0.99"\} \d/m);
  });

  test("has what the node itself has to tell", async () => {
    const served = await serve({}, { metrics: () => [gauge("lattice_x", "X.", 7)] });
    expect(await scrape(served)).toContain("lattice_x 7\n");
  });

  test("streams count as long as they are open", async () => {
    const started = Promise.withResolvers<AbortSignal>();
    const served = await serve({
      node: {
        async *events(_, { signal }) {
          started.resolve(signal);
          await aborted(signal);
          yield* [];
        },
      },
    });
    const client = served.client();
    const events = client.node.events({})[Symbol.asyncIterator]();
    const next = events.next();
    const signal = await started.promise;
    expect(await scrape(served)).toContain("lattice_http_streams 1\n");
    await events.return!();
    await next;
    await aborted(signal);
    expect(await scrape(served)).toContain("lattice_http_streams 0\n");
  });
});

describe("/healthz", () => {
  test("says what is wrong, with 503", async () => {
    let problems: string[] = [];
    const served = await serve({}, { problems: () => problems });
    expect(await served.ask("/healthz")).toMatchObject({ status: 200, text: "ok\n" });
    problems = ["1 store is not open", "the disk is full"];
    expect(await served.ask("/healthz")).toMatchObject({
      status: 503,
      text: "1 store is not open\nthe disk is full\n",
    });
    expect((await served.ask("/healthz", { method: "POST" })).status).toBe(405);
  });
});

test("the log tells of requests, without their queries, and of what broke inside", async () => {
  const lines: unknown[] = [];
  const served = await serve(
    {
      node: {
        getStatus: async () => {
          throw new TypeError("broken");
        },
      },
    },
    { log: (level, message, fields) => void lines.push({ level, message, ...fields }) },
  );
  await served.call("NodeService/GetStatus");
  await served.ask(`/?token=${TOKEN}`);
  const route = "lattice.daemon.v1.NodeService/GetStatus";
  expect(lines).toEqual([
    { level: "info", message: "serving HTTP", url: served.server.url },
    {
      level: "error",
      message: expect.any(String),
      route,
      stack: expect.stringContaining("TypeError: broken"),
    },
    {
      level: "debug",
      message: "http request",
      route,
      method: "POST",
      status: 500,
      ms: expect.any(Number),
      code: "internal",
    },
    {
      level: "debug",
      message: "http request",
      route: "link",
      method: "GET",
      status: 303,
      ms: expect.any(Number),
      code: undefined,
    },
  ]);
  expect(JSON.stringify(lines)).not.toContain(TOKEN);
});

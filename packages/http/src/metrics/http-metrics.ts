/** What was asked for over HTTP, and what became of it. */
import { Histogram } from "./histogram.ts";
import { counter, gauge, type Metric } from "./metric.ts";

export interface Asked {
  /** Such as `lattice.daemon.v1.NodeService/GetStatus`, or a name for what is no method; never what a stranger made up. */
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
  /** A stream lasts as long as its reader likes, which says nothing of the node. */
  readonly isStream: boolean;
}

export class HttpMetrics {
  readonly #counts = new Map<string, { route: string; status: number; count: number }>();
  readonly #durations = new Histogram();

  note({ route, status, durationMs, isStream }: Asked): void {
    const key = `${status} ${route}`;
    let counted = this.#counts.get(key);
    if (counted === undefined) this.#counts.set(key, (counted = { route, status, count: 0 }));
    counted.count += 1;
    if (!isStream) this.#durations.observeMs(durationMs);
  }

  *metrics(running: { readonly calls: number; readonly streams: number }): Iterable<Metric> {
    const counts = [...this.#counts.values()].map(({ route, status, count }) => ({
      labels: { route, status: String(status) },
      value: count,
    }));
    yield counter("lattice_http_requests_total", "Requests over HTTP that were answered.", counts);
    const help = "How long it took to answer requests over HTTP, but for streams.";
    yield this.#durations.metric("lattice_http_request_seconds", help);
    yield gauge("lattice_http_calls", "Calls over HTTP that run, streams among them.", running.calls);
    yield gauge("lattice_http_streams", "Streams over HTTP that are open.", running.streams);
  }
}

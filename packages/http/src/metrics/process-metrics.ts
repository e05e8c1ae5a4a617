/** How the process fares: memory, processor, and how long its one thread keeps others waiting. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { counter, gauge, type Metric } from "./metric.ts";

const RESOLUTION_MS = 20;

export class ProcessMetrics implements Disposable {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #startedS = Date.now() / 1000 - process.uptime();

  /** Measuring the delay wakes the process fifty times a second, so it begins when somebody first asks. */
  *metrics(): Iterable<Metric> {
    this.#delay.enable();
    const memory = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    yield gauge(
      "process_start_time_seconds",
      "When the process began, in seconds since 1970.",
      this.#startedS,
    );
    yield counter(
      "process_cpu_seconds_total",
      "Processor time that the process has taken.",
      (user + system) / 1e6,
    );
    yield gauge("process_resident_memory_bytes", "Memory that the process takes of the machine.", memory.rss);
    yield gauge(
      "nodejs_heap_used_bytes",
      "Memory of objects that are alive, or were until lately.",
      memory.heapUsed,
    );
    yield gauge("nodejs_heap_total_bytes", "Memory that is set aside for objects.", memory.heapTotal);
    yield gauge(
      "nodejs_external_memory_bytes",
      "Memory outside the heap that objects hold.",
      memory.external,
    );
    yield this.#delayMetric();
  }

  /** Of the time since it was asked for last, so that a bad minute does not show for ever. */
  #delayMetric(): Metric {
    const seconds = (nanoseconds: number): number => (Number.isFinite(nanoseconds) ? nanoseconds / 1e9 : 0);
    const quantiles = ([0.5, 0.9, 0.99] as const).map((quantile) => ({
      labels: { quantile: String(quantile) },
      value: seconds(this.#delay.percentile(quantile * 100)),
    }));
    const max = { labels: { quantile: "1" }, value: seconds(this.#delay.max) };
    this.#delay.reset();
    const help = "How late timers came since the last time this was read, the resolution of 20 ms included.";
    return gauge("nodejs_eventloop_delay_seconds", help, [...quantiles, max]);
  }

  [Symbol.dispose](): void {
    this.#delay.disable();
  }
}

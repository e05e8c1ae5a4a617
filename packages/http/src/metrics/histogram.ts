/** How often something took how long. To observe is to count up one number, so it may be done on a hot path. */
import type { Labels, Metric, Sample } from "./metric.ts";

/** Upper bounds in seconds: from what memory takes to what somebody waits for. */
const BOUNDS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

export class Histogram {
  /** Of each bucket alone, the one above all bounds last. */
  readonly #counts = new Float64Array(BOUNDS_S.length + 1);
  #sumS = 0;

  observeMs(durationMs: number): void {
    const seconds = durationMs / 1000;
    let bucket = 0;
    while (bucket < BOUNDS_S.length && seconds > BOUNDS_S[bucket]!) bucket++;
    this.#counts[bucket]! += 1;
    this.#sumS += seconds;
  }

  metric(name: string, help: string): Metric {
    return { name, help, type: "histogram", samples: this.samples() };
  }

  samples(labels: Labels = {}): Sample[] {
    const samples: Sample[] = [];
    let count = 0;
    for (const [bucket, bound] of [...BOUNDS_S, Infinity].entries()) {
      count += this.#counts[bucket]!;
      samples.push({
        suffix: "_bucket",
        labels: { ...labels, le: bound === Infinity ? "+Inf" : String(bound) },
        value: count,
      });
    }
    return [
      ...samples,
      { suffix: "_sum", labels, value: this.#sumS },
      { suffix: "_count", labels, value: count },
    ];
  }
}

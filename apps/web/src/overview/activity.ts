/** How many intentions came in, sampled while somebody looks: what the chart of the overview shows. */

/** Five minutes at one sample every two seconds. */
const SAMPLE_COUNT_MAX = 150;

export interface ActivitySample {
  readonly timeMs: number;
  /** Of all stores together. */
  readonly intentionCount: number;
}

/** Adds a sample; what is too old falls out. A count that went down, as when a store is gone, starts anew. */
export function withSample(
  samples: readonly ActivitySample[],
  sample: ActivitySample,
): readonly ActivitySample[] {
  const last = samples.at(-1);
  if (last !== undefined && sample.timeMs <= last.timeMs) return samples;
  const isReset = last !== undefined && sample.intentionCount < last.intentionCount;
  return [...(isReset ? [] : samples), sample].slice(-SAMPLE_COUNT_MAX);
}

export interface ActivityRates {
  /** Seconds since 1970. */
  readonly times: number[];
  readonly perSecond: number[];
}

/** Between each two samples. */
export function ratesOf(samples: readonly ActivitySample[]): ActivityRates {
  const times: number[] = [];
  const perSecond: number[] = [];
  for (let at = 1; at < samples.length; at++) {
    const before = samples[at - 1]!;
    const now = samples[at]!;
    times.push(now.timeMs / 1000);
    perSecond.push((now.intentionCount - before.intentionCount) / ((now.timeMs - before.timeMs) / 1000));
  }
  return { times, perSecond };
}

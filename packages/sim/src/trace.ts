/** What happened, as a hash that two runs of one seed share, and as lines for a reader where somebody wants to read. */
import { createHash, type Hash } from "node:crypto";

export interface TimelineEntry {
  readonly atMs: number;
  /** Whose doing it was. */
  readonly who: string;
  readonly text: string;
}

const TIMELINE_COUNT_MAX = 20_000;

export class Trace {
  readonly #hash: Hash = createHash("sha256");
  readonly keepsTimeline: boolean;
  readonly #counts = new Map<string, number>();
  #timeline: TimelineEntry[] = [];

  constructor(options: { keepsTimeline: boolean }) {
    this.keepsTimeline = options.keepsTimeline;
  }

  /** Into the hash only: what happens all the time. */
  note(atMs: number, text: string, bytes?: Uint8Array): void {
    this.#hash.update(`${atMs} ${text}\n`);
    if (bytes !== undefined) this.#hash.update(bytes);
  }

  /** Also into the timeline. */
  tell(atMs: number, who: string, text: string): void {
    this.note(atMs, `${who}: ${text}`);
    if (!this.keepsTimeline) return;
    if (this.#timeline.length >= TIMELINE_COUNT_MAX)
      this.#timeline = this.#timeline.slice(TIMELINE_COUNT_MAX / 2);
    this.#timeline.push({ atMs, who, text });
  }

  /** Of faults, messages and whatever else is worth a figure. */
  count(what: string, by = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + by);
  }

  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  get timeline(): readonly TimelineEntry[] {
    return this.#timeline;
  }

  digest(): string {
    return this.#hash.copy().digest("hex").slice(0, 32);
  }
}

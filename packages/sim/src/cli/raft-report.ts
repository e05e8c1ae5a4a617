/** What a search of clusters found, in words and figures. */
import type { RaftOutcome } from "../raft/simulate-raft.ts";
import type { Totals } from "./simulation.ts";

const DEEDS: ReadonlySet<string> = new Set(["write", "read", "change", "transfer", "snapshot"]);

export type RaftFigures = Pick<RaftOutcome, "eventCount" | "simulatedMs" | "settledAfter" | "counts">;

export class RaftTotals implements Totals<RaftFigures> {
  readonly #counts = new Map<string, number>();
  readonly #settledAfter: number[] = [];
  seedCount = 0;
  #eventCount = 0;
  #simulatedMs = 0;

  add(outcome: RaftFigures): void {
    this.seedCount += 1;
    this.#eventCount += outcome.eventCount;
    this.#simulatedMs += outcome.simulatedMs;
    this.#settledAfter.push(outcome.settledAfter);
    for (const [what, count] of outcome.counts) this.#counts.set(what, this.count(what) + count);
  }

  count(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  lines(seconds: number): string[] {
    const actions = [...this.#counts].flatMap(([what, count]) =>
      what.startsWith("action ") ? [{ what: what.slice(7), count }] : [],
    );
    const faults = actions.filter(({ what }) => !DEEDS.has(what)).toSorted((a, b) => b.count - a.count);
    const faultCount = faults.reduce((sum, { count }) => sum + count, 0);
    const settled = this.#settledAfter.toSorted((a, b) => a - b);
    const middle = settled[Math.floor(settled.length / 2)] ?? 0;
    return [
      `${this.seedCount} seeds in ${seconds.toFixed(0)} s: ${(this.#simulatedMs / 3_600_000).toFixed(1)} simulated hours, ` +
        `${this.#eventCount} events (${Math.round(this.#eventCount / seconds)} a second)`,
      `${this.count("entries committed")} entries committed, ${this.count("answers")} requests answered, ` +
        `${this.count("refused")} refused, of ${this.count("unknown")} the outcome unknown; ${this.count("messages")} messages, ` +
        `${this.count("messages lost")} lost, ${this.count("messages doubled")} doubled`,
      `${this.count("action change")} changes of membership, ${this.count("action transfer")} transfers asked for; ` +
        `${faultCount} faults: ${faults.map(({ what, count }) => `${what} ${count}`).join(", ")}`,
      ...this.#historyLines(),
      `came right after ${middle.toFixed(1)} election timeouts in the middle, ${(settled.at(-1) ?? 0).toFixed(1)} at the most`,
    ];
  }

  /** Where what clients saw was judged by a checker. */
  #historyLines(): string[] {
    const [linearizable, unknown] = [this.count("history linearizable"), this.count("history unknown")];
    if (linearizable + unknown === 0) return [];
    return [`${linearizable} histories are linearizable, ${unknown} would have taken too long to judge`];
  }
}

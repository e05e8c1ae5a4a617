/** What a search found, in words and figures. */
import type { Outcome } from "../simulate.ts";
import type { Totals } from "./simulation.ts";

export type MeshFigures = Pick<Outcome, "stepCount" | "simulatedMs" | "rounds" | "counts">;

const DEEDS: ReadonlySet<string> = new Set(["write", "create", "join", "sync", "verify"]);

export class MeshTotals implements Totals<MeshFigures> {
  readonly #counts = new Map<string, number>();
  readonly #rounds: number[] = [];
  seedCount = 0;
  stepCount = 0;
  simulatedMs = 0;

  add(outcome: MeshFigures): void {
    this.seedCount += 1;
    this.stepCount += outcome.stepCount;
    this.simulatedMs += outcome.simulatedMs;
    this.#rounds.push(outcome.rounds);
    for (const [what, count] of outcome.counts) this.#counts.set(what, this.count(what) + count);
  }

  count(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  get faultCount(): number {
    const faults = [...this.#counts].filter(
      ([what]) => what.startsWith("action ") && !DEEDS.has(what.slice(7)),
    );
    return faults.reduce((sum, [, count]) => sum + count, 0);
  }

  lines(seconds: number): string[] {
    const sorted = this.#rounds.toSorted((a, b) => a - b);
    const faults = [...this.#counts]
      .filter(([what]) => what.startsWith("action ") && !DEEDS.has(what.slice(7)))
      .toSorted(([, a], [, b]) => b - a)
      .map(([what, count]) => `${what.slice(7)} ${count}`);
    return [
      `${this.seedCount} seeds in ${seconds.toFixed(0)} s: ${(this.simulatedMs / 3_600_000).toFixed(1)} simulated hours, ` +
        `${this.stepCount} steps (${Math.round(this.stepCount / seconds)} a second)`,
      `${this.count("writes acknowledged")} writes acknowledged, ${this.count("packets")} packets with ` +
        `${Math.round(this.count("bytes") / 1e6)} MB, ` +
        `${this.count("packets lost")} lost, ${this.count("packets doubled")} doubled`,
      `${this.faultCount} faults: ${faults.join(", ")}`,
      `came right after ${sorted[Math.floor(sorted.length / 2)] ?? 0} rounds in the middle, ${sorted.at(-1) ?? 0} at the most`,
    ];
  }
}

/** Plans that broke a rule once. They are kept as plans, since what a seed gives changes with the generator. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Plan } from "../plan/action.ts";

export interface Regression {
  /** The rule. */
  readonly check: string;
  /** What it was, in a few words. */
  readonly about: string;
  readonly plan: Plan;
}

const REGRESSIONS = new URL("../../regressions.json", import.meta.url);

export function readRegressions(): Regression[] {
  return existsSync(REGRESSIONS) ? (JSON.parse(readFileSync(REGRESSIONS, "utf8")) as Regression[]) : [];
}

export function addRegression(regression: Regression): void {
  const all = [...readRegressions(), regression];
  // One line each: a plan is no text for a reader.
  writeFileSync(REGRESSIONS, `[\n${all.map((each) => JSON.stringify(each)).join(",\n")}\n]\n`);
}

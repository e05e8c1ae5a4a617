/** Plans that broke a rule once. They are kept as plans, since what a seed gives changes with the generator. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";

export interface Regression<P> {
  /** The rule. */
  readonly check: string;
  /** What it was, in a few words. */
  readonly about: string;
  readonly plan: P;
}

/** Those of one kind of plan, in a file of their own beside the package. */
export class Regressions<P> {
  /** Of its file, for people. */
  readonly name: string;
  readonly #file: URL;

  constructor(name: `${"" | "raft-" | "cluster-"}regressions.json`) {
    this.name = `packages/sim/${name}`;
    this.#file = new URL(`../../${name}`, import.meta.url);
  }

  all(): Regression<P>[] {
    return existsSync(this.#file) ? (JSON.parse(readFileSync(this.#file, "utf8")) as Regression<P>[]) : [];
  }

  add(regression: Regression<P>): void {
    // One line each: a plan is no text for a reader.
    const lines = [...this.all(), regression].map((each) => JSON.stringify(each));
    writeFileSync(this.#file, `[\n${lines.join(",\n")}\n]\n`);
  }
}

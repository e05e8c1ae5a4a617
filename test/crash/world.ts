/**
 * One round of a scenario: its directory, what was drawn for it, its nodes, and an account of what happened. What can be
 * decided is decided by the seed; which bytes were on disk at a kill is not among that.
 */
import { join } from "node:path";
import { seededNumbers } from "../seeded-numbers.ts";
import { CrashNode } from "./crash-node.ts";
import { expectNone } from "./fault.ts";
import type { Figures } from "./figures.ts";
import { Writer } from "./writer.ts";

export interface WorldOptions {
  readonly directory: string;
  readonly seed: number;
  /** The round ends after so many, or a few more. */
  readonly kills: number;
  readonly figures: Figures;
  /** With as little to write as there can be. */
  readonly isBrief?: boolean | undefined;
}

export class World implements AsyncDisposable {
  readonly directory: string;
  readonly figures: Figures;
  /** An integer from 0 to below the bound. */
  readonly below: (bound: number) => number;
  readonly account: string[] = [];
  readonly nodes: CrashNode[] = [];
  readonly writers: Writer[] = [];
  readonly #killsWanted: number;
  readonly #isBrief: boolean;

  constructor({ directory, seed, kills, figures, isBrief = false }: WorldOptions) {
    this.directory = directory;
    this.figures = figures;
    this.below = seededNumbers(seed);
    this.#killsWanted = figures.kills + kills;
    this.#isBrief = isBrief;
  }

  get hasKillsLeft(): boolean {
    return this.figures.kills < this.#killsWanted;
  }

  /** From 1 to `most`; small numbers as often as large ones, for the beginning of things is where most can go wrong. */
  upTo(most: number): number {
    return 1 + this.below(1 + this.below(most));
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  oneOf<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** One of these, of which the first is the least. */
  amount(list: readonly number[]): number {
    const drawn = this.oneOf(list);
    return this.#isBrief ? list[0]! : drawn;
  }

  note(line: string): void {
    this.account.push(line);
  }

  node(name: string): CrashNode {
    const node = new CrashNode(this, { name, directory: join(this.directory, name) });
    this.nodes.push(node);
    return node;
  }

  /** Who write through `node`, each one write at a time, to keys of its own. */
  newWriters(node: CrashNode, count: number): Writer[] {
    const writers = Array.from(
      { length: count },
      (_, at) => new Writer({ prefix: `${node.name}${this.writers.length + at}/`, figures: this.figures }),
    );
    this.writers.push(...writers);
    return writers;
  }

  /** No node has told of a fork. */
  expectNoForkTold(): void {
    expectNone(
      "a fork was told",
      this.nodes.flatMap(({ name, forksTold }) => forksTold.map((text) => `${name}: ${text}`)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.nodes) await node.end();
  }
}

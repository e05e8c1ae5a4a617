/**
 * The oracle of one writer, which has one write under way at a time, to keys that nobody else writes. So what must be
 * found of them is known exactly: the state after the last acknowledged write or, where one got no answer, after that
 * one, as a whole. Once it was looked at, it is known which.
 */
import { CrashFault } from "./fault.ts";
import type { Figures } from "./figures.ts";

/** Several keys at once; `undefined` removes one. */
export type Change = ReadonlyMap<string, string | undefined>;

export interface Acknowledged {
  /** Of the intention. */
  readonly hash: string;
  readonly order: number;
  readonly change: Change;
}

export class Writer {
  /** Every key of this writer's begins with it. */
  readonly prefix: string;
  readonly acknowledged: Acknowledged[] = [];
  readonly #figures: Figures;
  #state = new Map<string, string>();
  #pending: Change | undefined;
  #adopted = 0;
  #begun = 0;

  constructor({ prefix, figures }: { prefix: string; figures: Figures }) {
    this.prefix = prefix;
    this.#figures = figures;
  }

  /** Writes that are there: acknowledged, or found. */
  get writtenCount(): number {
    return this.acknowledged.length + this.#adopted;
  }

  /** What it wrote so far, counted. */
  get begunCount(): number {
    return this.#begun;
  }

  get hasPending(): boolean {
    return this.#pending !== undefined;
  }

  begin(change: Change): void {
    if (this.#pending !== undefined) throw new Error(`${this.prefix} has a write under way`);
    this.#begun += 1;
    this.#pending = change;
  }

  acknowledge(hash: Uint8Array): void {
    const change = this.#pending!;
    this.#state = applied(this.#state, change);
    this.#pending = undefined;
    this.acknowledged.push({
      hash: Buffer.from(hash).toString("hex"),
      order: ++this.#figures.acknowledged,
      change,
    });
  }

  /** The node has said that it did not write it. */
  refused(): void {
    this.#pending = undefined;
  }

  /** Throws where `found`, which has all keys of the store, is not what it must be of this writer's. */
  settle(found: ReadonlyMap<string, string>, where: string): void {
    const own = new Map([...found].filter(([key]) => key.startsWith(this.prefix)));
    if (!isSame(own, this.#state)) {
      const next = this.#pending && applied(this.#state, this.#pending);
      if (next === undefined || !isSame(own, next)) {
        throw new CrashFault(
          `${where}: what ${this.prefix} wrote is not as it was left`,
          this.#differences(own),
        );
      }
      this.#state = next;
      this.#adopted += 1;
    }
    this.#pending = undefined;
  }

  /** Acknowledged writes that a log lacks, a line each. */
  missingFrom(hashes: ReadonlySet<string>): string[] {
    return this.acknowledged
      .filter(({ hash }) => !hashes.has(hash))
      .map(({ hash, order, change }) => `${order}. ${this.prefix} ${hash.slice(0, 12)}: ${toText(change)}`);
  }

  #differences(found: ReadonlyMap<string, string>): string[] {
    const keys = new Set([...found.keys(), ...this.#state.keys()]);
    const lines = [...keys].flatMap((key) => {
      const [is, was] = [found.get(key), this.#state.get(key)];
      return is === was ? [] : [`${key}: acknowledged ${shortened(was)}, found ${shortened(is)}`];
    });
    const last = this.acknowledged.at(-1);
    return [
      last === undefined
        ? "nothing was acknowledged"
        : `last acknowledged: ${last.order}. ${toText(last.change)}`,
      `without an answer: ${this.#pending === undefined ? "nothing" : toText(this.#pending)}`,
      ...lines,
    ];
  }
}

function applied(state: ReadonlyMap<string, string>, change: Change): Map<string, string> {
  const next = new Map(state);
  for (const [key, value] of change) {
    if (value === undefined) next.delete(key);
    else next.set(key, value);
  }
  return next;
}

function isSame(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}

const VALUE_CHARS_MAX = 24;

function shortened(value: string | undefined): string {
  if (value === undefined) return "nothing";
  if (value.length <= VALUE_CHARS_MAX) return `"${value}"`;
  return `"${value.slice(0, VALUE_CHARS_MAX)}…" (${value.length} characters)`;
}

function toText(change: Change): string {
  return [...change].map(([key, value]) => `${key} = ${shortened(value)}`).join(", ");
}

/**
 * Takes known flags out of a list of words; yargs' parser does the work.
 *
 * Invariants
 *  1. A word that is not a known flag comes out exactly as it went in, in its place: the parser would take `-5` for a
 *     flag, `false` for the value of a flag before it, and quotes off a value. So it is shown the shape only, with
 *     placeholders where the user's words stand.
 *  2. Everything behind `--` is words.
 */
import { Parser } from "yargs/helpers";
import { UsageError } from "./errors.ts";

export interface Flag {
  readonly name: string;
  /** What stands for the value in help; absent for a switch. */
  readonly value?: string;
  readonly help: string;
  /** May be given several times. */
  readonly repeated?: boolean;
  /** What the value can be, for completion. */
  readonly completes?: Completes;
}

/** Kinds of words that completion knows where to look for. */
export type Completes =
  | "store"
  | "type"
  | "role"
  | "color"
  | "shell"
  | "command"
  | "method"
  | "stream"
  | "subject";

export interface FlagValues {
  readonly switches: ReadonlySet<string>;
  /** In the order given. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  /** What is no known flag, up to `--`. */
  readonly words: readonly string[];
  /** What stands behind `--`; undefined where there is none. */
  readonly literal: readonly string[] | undefined;
}

const CONFIGURATION = {
  "unknown-options-as-args": true,
  "populate--": true,
  "parse-numbers": false,
  "parse-positional-numbers": false,
  "camel-case-expansion": false,
  "dot-notation": false,
  "boolean-negation": false,
  "greedy-arrays": false,
  "short-option-groups": false,
};

const PLACEHOLDER = "\u0000";

export function takeFlags(words: readonly string[], flags: readonly Flag[]): FlagValues {
  const end = words.indexOf("--");
  const before = end < 0 ? words : words.slice(0, end);
  const kept: string[] = [];
  const shape = before.flatMap((word) => shapeOf(word, flags, kept));
  const { argv, error } = Parser.detailed(shape, {
    boolean: flags.filter((flag) => flag.value === undefined).map((flag) => flag.name),
    string: flags.filter((flag) => flag.value !== undefined).map((flag) => flag.name),
    configuration: CONFIGURATION,
  });
  if (error !== null) throw new UsageError(error.message);
  const restore = (word: string) => kept[Number(word.slice(PLACEHOLDER.length))]!;
  return {
    switches: new Set(flags.filter((flag) => argv[flag.name] === true).map((flag) => flag.name)),
    values: valuesOf(argv, flags, restore),
    words: (argv["_"] as string[]).map(restore),
    literal: end < 0 ? undefined : words.slice(end + 1),
  };
}

function shapeOf(word: string, flags: readonly Flag[], kept: string[]): string[] {
  const keep = (text: string) => PLACEHOLDER + (kept.push(text) - 1);
  const match = /^--([^=]+)(?:=([^]*))?$/.exec(word);
  const flag = match === null ? undefined : flags.find((candidate) => candidate.name === match[1]);
  if (flag === undefined) return [keep(word)];
  const value = match![2];
  if (value === undefined) return [word];
  if (flag.value === undefined) throw new UsageError(`--${flag.name} takes no value`);
  return [`--${flag.name}`, keep(value)];
}

function valuesOf(
  argv: Readonly<Record<string, unknown>>,
  flags: readonly Flag[],
  restore: (word: string) => string,
): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, readonly string[]>();
  for (const flag of flags) {
    if (flag.value === undefined || argv[flag.name] === undefined) continue;
    const placeholders = [argv[flag.name]].flat() as string[];
    const given = placeholders.map((word) => (word === "" ? "" : restore(word)));
    // Also one that is written as "": that is a variable of a script that was never set.
    if (given.includes(""))
      throw new UsageError(`--${flag.name} needs a value: --${flag.name} ${flag.value}`);
    if (given.length > 1 && flag.repeated !== true) throw new UsageError(`--${flag.name} is given twice`);
    values.set(flag.name, given);
  }
  return values;
}

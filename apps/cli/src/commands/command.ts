/** What a command of the table is. One-shot, REPL, completion and help all read the same entries. */
import type { Context } from "../context.ts";
import type { Completes, Flag } from "../flags.ts";
import { LINE_FLAGS, OUTPUT_FLAGS } from "../invocation.ts";
import type { DaemonMessage } from "../output.ts";

/** Of one document, or of each line of a stream. */
export type JsonAnswer = DaemonMessage | { readonly etcd: string } | { readonly text: string };

export type Group = "node" | "store" | "peer" | "join" | "cluster" | "debug" | "shell";

export interface Positional {
  readonly name: string;
  readonly optional?: boolean;
  /** Takes all that is left. */
  readonly rest?: boolean;
  readonly completes?: Completes;
}

export interface Command {
  /** The words that name it, such as `store create`. */
  readonly path: readonly string[];
  readonly group: Group;
  readonly summary: string;
  readonly positionals?: readonly Positional[];
  readonly flags?: readonly Flag[];
  /** What `--json` prints: a message of daemon.proto or of etcd's by its name, or a description of it. */
  readonly json?: JsonAnswer;
  /** Goes on after the signal, for as long as it takes to come to a good end. */
  readonly endsItself?: boolean;
  /** Is about files of the data directory: no node is opened for it. */
  readonly needsNoNode?: boolean;
  /** What was typed must not be kept in the history. */
  readonly secret?: boolean;
  run(context: Context, args: CommandArguments): Promise<void> | void;
}

/** The arguments of one call, checked against the command's entry. */
export class CommandArguments {
  readonly #positionals: ReadonlyMap<string, readonly string[]>;
  readonly #values: ReadonlyMap<string, readonly string[]>;
  readonly #switches: ReadonlySet<string>;

  constructor(given: {
    positionals: ReadonlyMap<string, readonly string[]>;
    values: ReadonlyMap<string, readonly string[]>;
    switches: ReadonlySet<string>;
  }) {
    this.#positionals = given.positionals;
    this.#values = given.values;
    this.#switches = given.switches;
  }

  /** A positional that is not optional. */
  text(name: string): string {
    return this.#positionals.get(name)![0]!;
  }

  maybeText(name: string): string | undefined {
    return this.#positionals.get(name)?.[0];
  }

  list(name: string): readonly string[] {
    return this.#positionals.get(name) ?? [];
  }

  /** The value of a flag. */
  value(flag: string): string | undefined {
    return this.#values.get(flag)?.[0];
  }

  /** All values of a flag that may be given several times, in their order. */
  values(flag: string): readonly string[] {
    return this.#values.get(flag) ?? [];
  }

  has(flag: string): boolean {
    return this.#switches.has(flag);
  }
}

/** What its line may say beside its own flags. */
export function lineFlagsOf({ group }: Command): readonly Flag[] {
  return group === "cluster" ? OUTPUT_FLAGS : LINE_FLAGS;
}

export function usageOf(command: Command): string {
  const positionals = (command.positionals ?? []).map((positional) => {
    const name = positional.name.toUpperCase() + (positional.rest === true ? "…" : "");
    return positional.optional === true ? `[${name}]` : name;
  });
  const flags = (command.flags ?? []).map((flag) =>
    flag.value === undefined
      ? `[--${flag.name}]`
      : `[--${flag.name} ${flag.value}]${flag.repeated === true ? "…" : ""}`,
  );
  return [...command.path, ...positionals, ...flags].join(" ");
}

/** What a command of the table is. One-shot, REPL, completion and help all read the same entries. */
import type { Context } from "../context.ts";
import type { Flag } from "../flags.ts";

export type Group = "node" | "store" | "peer" | "join" | "debug" | "shell";

export interface Positional {
  readonly name: string;
  readonly optional?: boolean;
  /** Takes all that is left. */
  readonly rest?: boolean;
  readonly completes?: "store" | "command" | "stream";
}

export interface Command {
  /** The words that name it, such as `store create`. */
  readonly path: readonly string[];
  readonly group: Group;
  readonly summary: string;
  readonly positionals?: readonly Positional[];
  readonly flags?: readonly Flag[];
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

  has(flag: string): boolean {
    return this.#switches.has(flag);
  }
}

export function usageOf(command: Command): string {
  const positionals = (command.positionals ?? []).map((positional) => {
    const name = positional.name.toUpperCase() + (positional.rest === true ? "…" : "");
    return positional.optional === true ? `[${name}]` : name;
  });
  const flags = (command.flags ?? []).map((flag) =>
    flag.value === undefined ? `[--${flag.name}]` : `[--${flag.name} ${flag.value}]`,
  );
  return [...command.path, ...positionals, ...flags].join(" ");
}

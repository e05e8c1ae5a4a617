/** The table of commands, and the way from words to an entry of it. */
import { UsageError } from "../errors.ts";
import { takeFlags, type FlagValues } from "../flags.ts";
import { LINE_FLAGS } from "../invocation.ts";
import { didYouMean } from "../suggest.ts";
import { CommandArguments, usageOf, type Command, type Positional } from "./command.ts";
import { debugCommands } from "./debug.ts";
import { joinCommand } from "./join.ts";
import { nodeCommands } from "./node.ts";
import { peerCommands } from "./peer.ts";
import { shellCommands } from "./shell.ts";
import { storeCommands } from "./store.ts";

export const COMMANDS: readonly Command[] = [
  ...nodeCommands,
  ...storeCommands,
  ...peerCommands,
  joinCommand,
  ...debugCommands,
  ...shellCommands,
];

/** First words that only make sense with a second. */
const FAMILIES: ReadonlySet<string> = new Set(
  COMMANDS.filter((command) => command.path.length > 1).map((command) => command.path[0]!),
);

export function findCommand(words: readonly string[]): Command | undefined {
  return COMMANDS.find((command) => command.path.every((word, index) => words[index] === word));
}

/** The commands whose name starts with these words. */
export function commandsBelow(words: readonly string[]): readonly Command[] {
  return COMMANDS.filter((command) => words.every((word, index) => command.path[index] === word));
}

/** Throws where the first word starts a command, but the second does not go on with it. */
export function rejectHalfCommand(words: readonly string[]): void {
  const [first, second] = words;
  if (first === undefined || !FAMILIES.has(first)) return;
  const seconds = commandsBelow([first]).map((command) => command.path[1]!);
  if (second === undefined || second.startsWith("-")) {
    throw new UsageError(`"${first}" needs one of: ${seconds.join(", ")}`);
  }
  throw new UsageError(`unknown command "${first} ${second}"${didYouMean(second, seconds)}`);
}

/** Words that a first word may have been meant to be. */
export function firstWords(): Iterable<string> {
  return new Set(COMMANDS.map((command) => command.path[0]!));
}

export function parseCommand(
  command: Command,
  words: readonly string[],
): { args: CommandArguments; given: FlagValues } {
  const flags = [...LINE_FLAGS, ...(command.flags ?? [])];
  const given = takeFlags(words.slice(command.path.length), flags);
  if (given.switches.has("help")) return { args: emptyArguments(), given };
  const rest = (command.positionals ?? []).some((positional) => positional.rest === true);
  const stray = given.words.find((word) => word.startsWith("--"));
  if (stray !== undefined && !rest) {
    const names = flags.map((flag) => `--${flag.name}`);
    const hint = didYouMean(stray.replace(/=.*/s, ""), names);
    throw new UsageError(`unknown flag ${stray}${hint}`, usageOf(command));
  }
  // A command that hands its words on must hand on where the flags end, too.
  const literal = given.literal === undefined ? [] : [...(rest ? ["--"] : []), ...given.literal];
  const positionals = assign(command, [...given.words, ...literal]);
  return { args: new CommandArguments({ ...given, positionals }), given };
}

function emptyArguments(): CommandArguments {
  return new CommandArguments({ positionals: new Map(), values: new Map(), switches: new Set() });
}

function assign(command: Command, words: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const positionals = command.positionals ?? [];
  const assigned = new Map<string, readonly string[]>();
  let at = 0;
  for (const positional of positionals) {
    const taken = positional.rest === true ? words.slice(at) : words.slice(at, at + 1);
    at += taken.length;
    if (taken.length > 0) assigned.set(positional.name, taken);
    else if (positional.optional !== true) throw missing(command, positional);
  }
  if (at < words.length) throw new UsageError(`"${words[at]}" is one argument too many`, usageOf(command));
  return assigned;
}

function missing(command: Command, positional: Positional): UsageError {
  return new UsageError(`${positional.name.toUpperCase()} is missing`, usageOf(command));
}

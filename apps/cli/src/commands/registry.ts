/** The table of commands, and the way from words to an entry of it. */
import { UsageError } from "../errors.ts";
import { takeFlags, type FlagValues } from "../flags.ts";
import { didYouMean } from "../suggest.ts";
import { CommandArguments, lineFlagsOf, usageOf, type Command, type Positional } from "./command.ts";
import { clusterCommands } from "./cluster.ts";
import { debugCommands } from "./debug.ts";
import { doctorCommand } from "./doctor.ts";
import { explainCommand } from "./explain.ts";
import { identityCommands } from "./identity.ts";
import { joinCommand } from "./join.ts";
import { nodeCommands } from "./node.ts";
import { peerCommands } from "./peer.ts";
import { shellCommands } from "./shell.ts";
import { storeCommands } from "./store.ts";

export const COMMANDS: readonly Command[] = [
  ...nodeCommands,
  ...identityCommands,
  doctorCommand,
  ...storeCommands,
  explainCommand,
  ...peerCommands,
  joinCommand,
  ...clusterCommands,
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

/** The words with which commands begin, where they name none yet; all that are commands' own. */
export function halfCommand(words: readonly string[]): readonly string[] | undefined {
  const first = words[0];
  if (first === undefined || !FAMILIES.has(first)) return undefined;
  let length = 1;
  while (length < words.length && commandsBelow(words.slice(0, length + 1)).length > 0) length++;
  return words.slice(0, length);
}

/** Throws where the first words start a command, but the next one does not go on with it. */
export function rejectHalfCommand(words: readonly string[]): void {
  const half = halfCommand(words);
  if (half === undefined) return;
  const name = half.join(" ");
  const nexts = new Set(commandsBelow(half).map((command) => command.path[half.length]!));
  const next = words[half.length];
  if (next === undefined || next.startsWith("-")) {
    throw new UsageError(`"${name}" needs one of: ${[...nexts].join(", ")}`);
  }
  throw new UsageError(`unknown command "${name} ${next}"${didYouMean(next, nexts)}`);
}

/** Words that a first word may have been meant to be. */
export function firstWords(): Iterable<string> {
  return new Set(COMMANDS.map((command) => command.path[0]!));
}

export function parseCommand(
  command: Command,
  words: readonly string[],
): { args: CommandArguments; given: FlagValues } {
  const flags = [...lineFlagsOf(command), ...(command.flags ?? [])];
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

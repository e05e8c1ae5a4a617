/** Help, from the table of commands and from what the store's type says about itself. */
import { usageOf, type Command, type Group } from "./commands/command.ts";
import { COMMANDS, commandsBelow } from "./commands/registry.ts";
import type { Flag } from "./flags.ts";
import { LINE_FLAGS, PROCESS_FLAGS } from "./invocation.ts";
import { plainPaint, type Paint } from "./print/paint.ts";
import { alignRows } from "./print/table.ts";
import type { StoreMethod } from "./store-methods.ts";

export const GROUP_TITLES: Readonly<Record<Group, string>> = {
  node: "The node",
  store: "Stores",
  peer: "Members of a store",
  join: "Joining",
  cluster: "Clusters (see: lattice cluster --help)",
  debug: "Under the hood",
  shell: "This command line",
};

/** How the command is called, and what that does. */
export const USAGE_ROWS: readonly (readonly [words: string, meaning: string])[] = [
  ["lattice", "a command line on the node that runs"],
  ["lattice --daemon", "run a node"],
  ["lattice --embedded", "a node and a command line in one process"],
  ["lattice COMMAND …", "one command; exits with 0 only on success"],
  ["lattice - < SCRIPT", "the commands of a script, up to the first that fails"],
];

export const ENVIRONMENT_ROWS: readonly (readonly [name: string, meaning: string])[] = [
  ["LATTICE_DATA", "the data directory, where --data does not say"],
  ["LATTICE_STORE", "the store, where --store does not say"],
  ["LATTICE_LISTEN", "where a node listens, separated by commas, where --listen does not say"],
  ["LATTICE_TYPES", "more modules of store types, separated like PATH, besides those of --types"],
  ["LATTICE_ENDPOINTS", "members of a cluster, where --endpoints does not say"],
  ["LATTICE_PASSPHRASE", "seals and opens an exported identity, where --passphrase-file does not say"],
  ["LATTICE_USER", "who asks a cluster, where --user does not say"],
  ["NO_COLOR, FORCE_COLOR", "no colours, or colours everywhere, where --color does not say"],
  [
    "LATTICE_LOG_LEVEL, LATTICE_LOG_FORMAT",
    "what a node logs and how, where --log-level and --log-format do not say",
  ],
  ["LATTICE_WEB", "a port or off, where --web and --no-web do not say"],
];

/** What `lattice --help` prints. */
export function processHelp(paint: Paint = plainPaint): string[] {
  return [
    paint("title", "Usage:"),
    ...alignRows(USAGE_ROWS.map(([words, meaning]) => [`  ${words}`, meaning])),
    "",
    ...overview(paint),
    "",
    "Every method of the store's own type is a command too: lattice help lists them while a node runs.",
    "",
    paint("title", "Flags:"),
    ...flagRows([...PROCESS_FLAGS, ...LINE_FLAGS]),
    "",
    paint("title", "Environment:"),
    ...alignRows(ENVIRONMENT_ROWS.map(([name, meaning]) => [`  ${name}`, meaning])),
  ];
}

/** The commands of the table, by group. */
export function overview(paint: Paint = plainPaint): string[] {
  const groups = Map.groupBy(COMMANDS, (command) => command.group);
  return [...groups].flatMap(([group, commands], index) => [
    ...(index === 0 ? [] : [""]),
    paint("title", `${GROUP_TITLES[group]}:`),
    ...alignRows(commands.map((command) => [`  ${nameAndPositionals(command)}`, command.summary])),
  ]);
}

function nameAndPositionals(command: Command): string {
  return usageOf({ ...command, flags: [] });
}

export function commandHelp(command: Command): string[] {
  const flags = command.flags ?? [];
  return [
    command.summary,
    `  ${usageOf(command)}`,
    ...(flags.length === 0 ? [] : ["", "Flags:", ...flagRows(flags)]),
  ];
}

/** The commands that start with these words; undefined where there is none. */
export function familyHelp(words: readonly string[]): string[] | undefined {
  const commands = commandsBelow(words);
  if (commands.length === 0) return undefined;
  return alignRows(commands.map((command) => [`  ${nameAndPositionals(command)}`, command.summary]));
}

export function methodListHelp(
  type: string,
  methods: Iterable<StoreMethod>,
  paint: Paint = plainPaint,
): string[] {
  const rows = [...methods].map((method) => [`  ${method.name}`, method.summary]);
  return ["", paint("title", `Methods of this store (${type}):`), ...alignRows(rows)];
}

export function methodHelp(method: StoreMethod): string[] {
  const fields = method.arguments.filter((argument) => argument.help !== "");
  const rows = fields.map(({ name, help }) => [`  ${name}`, help]);
  return [
    ...(method.summary === "" ? [] : [method.summary]),
    `  ${method.usage}`,
    ...(rows.length === 0 ? [] : ["", "Arguments:", ...alignRows(rows)]),
  ];
}

function flagRows(flags: readonly Flag[]): string[] {
  return alignRows(
    flags.map((flag) => [`  --${flag.name}${flag.value === undefined ? "" : ` ${flag.value}`}`, flag.help]),
  );
}

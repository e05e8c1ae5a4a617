/** Help, from the table of commands and from what the store's type says about itself. */
import { usageOf, type Command, type Group } from "./commands/command.ts";
import { COMMANDS, commandsBelow } from "./commands/registry.ts";
import type { Flag } from "./flags.ts";
import { LINE_FLAGS, PROCESS_FLAGS } from "./invocation.ts";
import { alignRows } from "./print/table.ts";
import type { StoreMethod } from "./store-methods.ts";

const GROUP_TITLES: Readonly<Record<Group, string>> = {
  node: "The node",
  store: "Stores",
  peer: "Members of a store",
  join: "Joining",
  cluster: "Clusters (see: lattice cluster --help)",
  debug: "Under the hood",
  shell: "This command line",
};

const USAGE = [
  "Usage:",
  "  lattice                  a command line on the node that runs",
  "  lattice --daemon         run a node",
  "  lattice --embedded       a node and a command line in one process",
  "  lattice COMMAND …        one command; exits with 0 only on success",
  "  lattice - < SCRIPT       the commands of a script, up to the first that fails",
];

const ENVIRONMENT = [
  "Environment:",
  "  LATTICE_DATA, LATTICE_STORE, LATTICE_LISTEN stand for --data, --store and --listen;",
  "  LATTICE_LOG_LEVEL and LATTICE_LOG_FORMAT for --log-level and --log-format;",
  "  LATTICE_TYPES, separated like PATH, for --types; LATTICE_WEB, a port or off, for --web and --no-web.",
];

/** What `lattice --help` prints. */
export function processHelp(): string[] {
  return [
    ...USAGE,
    "",
    ...overview(),
    "",
    "Every method of the store's own type is a command too: lattice help lists them while a node runs.",
    "",
    "Flags:",
    ...flagRows([...PROCESS_FLAGS, ...LINE_FLAGS]),
    "",
    ...ENVIRONMENT,
  ];
}

/** The commands of the table, by group. */
export function overview(): string[] {
  const groups = Map.groupBy(COMMANDS, (command) => command.group);
  return [...groups].flatMap(([group, commands], index) => [
    ...(index === 0 ? [] : [""]),
    `${GROUP_TITLES[group]}:`,
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

export function methodListHelp(type: string, methods: Iterable<StoreMethod>): string[] {
  const rows = [...methods].map((method) => [`  ${method.name}`, method.summary]);
  return ["", `Methods of this store (${type}):`, ...alignRows(rows)];
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

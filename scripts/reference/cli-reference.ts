/** The command line in full, as Markdown. */
import { usageOf, type Command, type JsonAnswer } from "../../apps/cli/src/commands/command.ts";
import { COMMANDS } from "../../apps/cli/src/commands/registry.ts";
import type { Flag } from "../../apps/cli/src/flags.ts";
import { ENVIRONMENT_ROWS, GROUP_TITLES, USAGE_ROWS } from "../../apps/cli/src/help.ts";
import { OUTPUT_FLAGS, LINE_FLAGS, PROCESS_FLAGS } from "../../apps/cli/src/invocation.ts";
import { escapeCell, table } from "./markdown.ts";

export function cliReference(): string {
  const groups = Map.groupBy(COMMANDS, (command) => command.group);
  return [
    "# Command line",
    "",
    "Made by `pnpm generate` from the table of commands, which `lattice help`, completion and the man page read as well.",
    "How arguments are written and answers are printed is told in [apps/cli](../../apps/cli/README.md); the methods of a",
    "store's own type are commands, too: [api.md](api.md) has those of the types that ship.",
    "",
    "```text",
    ...USAGE_ROWS.map(([words, meaning]) => `${words.padEnd(24)} ${meaning}`),
    "```",
    "",
    "## Flags",
    "",
    "Behind `lattice` itself:",
    "",
    ...flagTable(PROCESS_FLAGS),
    "",
    "On every line, also at the prompt and in scripts (`--store` not on those of clusters):",
    "",
    ...flagTable(LINE_FLAGS),
    "",
    "## Environment",
    "",
    ...table(
      ["variable", "what"],
      ENVIRONMENT_ROWS.map(([name, meaning]) => [code(name), escapeCell(meaning)]),
    ),
    ...[...groups].flatMap(([group, commands]) => [
      "",
      `## ${GROUP_TITLES[group]}`,
      ...commands.flatMap(commandSection),
    ]),
    "",
    ...JSON_SECTION,
    "",
  ].join("\n");
}

function commandSection(command: Command): string[] {
  const flags = command.flags ?? [];
  const json = jsonText(command.json);
  return [
    "",
    `### ${command.path.join(" ")}`,
    "",
    `${command.summary}.`,
    "",
    "```text",
    usageOf({ ...command, flags: [] }) + (flags.length === 0 ? "" : " [FLAGS]"),
    "```",
    ...(flags.length === 0 ? [] : ["", ...flagTable(flags)]),
    ...(json === undefined ? [] : ["", `\`--json\`: ${json}`]),
  ];
}

function jsonText(json: JsonAnswer | undefined): string | undefined {
  if (json === undefined) return undefined;
  if (typeof json === "string") return `[${json}](api.md#${json.toLowerCase()})`;
  if ("etcd" in json) return `etcd's \`${json.etcd}\` ([rpc.proto](../../proto/etcdserverpb/rpc.proto))`;
  return /^[[{]/.test(json.text) ? `\`${json.text}\`` : json.text;
}

function flagTable(flags: readonly Flag[]): string[] {
  return table(
    ["flag", "what"],
    flags.map(({ name, value, help, repeated }) => [
      code(`--${name}${value === undefined ? "" : ` ${value}`}`) +
        (repeated === true ? ", several times" : ""),
      escapeCell(help),
    ]),
  );
}

function code(text: string): string {
  return `\`${text.replaceAll("|", "\\|")}\``;
}

const outputFlags = OUTPUT_FLAGS.map(({ name }) => `\`--${name}\``).join(", ");

const JSON_SECTION: readonly string[] = [
  "## JSON",
  "",
  "`--json` prints one document for a command, on one line, and one line for each event of a stream. What it holds is named",
  "with each command above. It is stable: fields are added, never renamed, and none changes its meaning within a major version;",
  "a program skips what it does not know.",
  "",
  ...table(
    ["value", "form"],
    [
      ["field names", "as in the `.proto`, so `intention_count`"],
      ["bytes", 'a string where they are UTF-8, else `{"base64": "…"}`'],
      ["ids, hashes, keys of members", "hex"],
      ["64-bit numbers", "a number up to 2^53, else a string"],
      [
        "times",
        "`…_ms`: milliseconds since 1970; `timestamp`: a hybrid clock, milliseconds × 65536 and a counter",
      ],
      ["enums", "the name in kebab case, without what all names share"],
      ["absent", "left out, where absence can be told from a default; else the default is there"],
    ],
  ),
  "",
  "An error is one document on stderr, and the exit code is not 0:",
  "",
  "```json",
  '{"error":{"code":"not-found","message":"not found"}}',
  "```",
  "",
  "`code` is one of those of [@lattice/model](../../packages/model/src/errors.ts), the same as over the API; in a script, `line` is there as well.",
  "",
  "## Exit codes",
  "",
  ...table(
    ["code", "when"],
    [
      ["0", "it is done"],
      ["1", "it failed: refused, not found, no node; a script that stopped"],
      ["2", "the words make no sense; nobody was asked"],
    ],
  ),
  "",
  `The flags of every line that are about output: ${outputFlags}.`,
];

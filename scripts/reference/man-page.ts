/** The man page: the table of commands in roff, with the macros of man(7), which every system has. */
import { usageOf } from "../../apps/cli/src/commands/command.ts";
import { COMMANDS } from "../../apps/cli/src/commands/registry.ts";
import type { Flag } from "../../apps/cli/src/flags.ts";
import { ENVIRONMENT_ROWS, GROUP_TITLES, USAGE_ROWS } from "../../apps/cli/src/help.ts";
import { LINE_FLAGS, PROCESS_FLAGS } from "../../apps/cli/src/invocation.ts";
import { packageVersion } from "../../apps/cli/src/version.ts";

/** Of the page's last change of form; what it says changes with the commands. */
const DATE = "2026-11-30";

export function manPage(): string {
  const groups = Map.groupBy(COMMANDS, (command) => command.group);
  return [
    `.TH LATTICE 1 ${DATE} "lattice ${packageVersion()}" "Lattice"`,
    ".SH NAME",
    "lattice \\- data that several computers share, with no server between them",
    ".SH SYNOPSIS",
    ...USAGE_ROWS.flatMap(([words, meaning], index) => [
      ...(index === 0 ? [] : [".br"]),
      `${bold(words)} \\(em ${escape(meaning)}`,
    ]),
    ".SH DESCRIPTION",
    ...paragraph(
      "lattice runs a node, and speaks to one. A node holds stores that it shares with other nodes; each takes writes at any " +
        "time, connected or not. The methods of a store's own type are commands, too: lattice help lists them while a node runs.",
    ),
    ".SH OPTIONS",
    "Behind lattice itself:",
    ...flagItems(PROCESS_FLAGS),
    ".PP",
    "On every line:",
    ...flagItems(LINE_FLAGS),
    ".SH COMMANDS",
    ...[...groups].flatMap(([group, commands]) => [
      `.SS "${escape(GROUP_TITLES[group])}"`,
      ...commands.flatMap((command) => [
        ".TP",
        bold(usageOf({ ...command, flags: [] })),
        ...paragraph(`${command.summary}.`),
        ...(command.flags === undefined ? [] : [".RS", ...flagItems(command.flags), ".RE"]),
      ]),
    ]),
    ".SH VALUES",
    ...paragraph(
      "Bytes are written as text, hex:00ff, base64:AP8=, @FILE for what is in a file, - for the standard input of a single command, and " +
        "text:@x for what would else be taken for one of these. They are printed as text where that is printable, else as hex; " +
        "--hex, --base64 and --raw choose otherwise.",
    ),
    ".SH ENVIRONMENT",
    ...ENVIRONMENT_ROWS.flatMap(([name, meaning]) => [".TP", bold(name), escape(meaning)]),
    ".SH EXIT STATUS",
    ...paragraph("0 on success; 1 where it failed; 2 where the words made no sense."),
    ".SH FILES",
    ".TP",
    bold("$XDG_DATA_HOME/lattice, ~/.local/share/lattice"),
    "The data directory on Linux; on macOS ~/Library/Application Support/lattice.",
    "",
  ]
    .join("\n")
    .replaceAll(/\n+$/g, "\n");
}

function flagItems(flags: readonly Flag[]): string[] {
  return flags.flatMap(({ name, value, help }) => [
    ".TP",
    `\\fB${escape(`--${name}`)}\\fR${value === undefined ? "" : ` \\fI${escape(value)}\\fR`}`,
    ...paragraph(help),
  ]);
}

/** With room for what escapes add. */
const LINE_LENGTH = 64;

function paragraph(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length > LINE_LENGTH || /[.;]$/.test(last)) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.map(escape);
}

function bold(text: string): string {
  return `\\fB${escape(text)}\\fR`;
}

/** Characters that roff would read, and a line that would begin a request. */
function escape(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("…", "\\&...")
    .replaceAll('"', "\\(dq")
    .replaceAll("'", "\\(aq")
    .replace(/^\./, "\\&.");
}

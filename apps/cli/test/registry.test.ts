import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { lineFlagsOf, usageOf } from "../src/commands/command.ts";
import { COMMANDS, findCommand } from "../src/commands/registry.ts";
import { LINE_FLAGS, PROCESS_FLAGS } from "../src/invocation.ts";
import { processHelp } from "../src/help.ts";
import { nearest } from "../src/suggest.ts";
import { parseDurationMs } from "../src/duration.ts";

describe("the table of commands", () => {
  test("names no command twice, and none by the start of another", () => {
    for (const command of COMMANDS) expect(findCommand(command.path)).toBe(command);
  });

  test("has all of it in help", () => {
    const help = processHelp().join("\n");
    for (const command of COMMANDS) {
      expect(help).toContain(usageOf({ ...command, flags: [] }));
      expect(help).toContain(command.summary);
    }
    for (const flag of [...LINE_FLAGS, ...PROCESS_FLAGS]) expect(help).toContain(`--${flag.name}`);
  });

  test("gives no flag a name that every line knows already", () => {
    for (const command of COMMANDS) {
      // Those of a cluster speak to no node, and all of the line is theirs.
      const ofProcess = command.group === "cluster" ? [] : PROCESS_FLAGS;
      const common = [...lineFlagsOf(command), ...ofProcess].map((flag) => flag.name);
      for (const flag of command.flags ?? []) expect(common).not.toContain(flag.name);
    }
  });

  test("lets only the last positional take the rest, and none stand behind an optional one", () => {
    for (const { positionals = [] } of COMMANDS) {
      const early = positionals.slice(0, -1);
      expect(early.some((positional) => positional.rest === true || positional.optional === true)).toBe(
        false,
      );
    }
  });
});

/** What a store type is called, or one of its methods, may not be written here: it all comes from reflection. */
describe("no store type is known by name", () => {
  const ROOT = join(import.meta.dirname, "../../..");
  const sourceOf = (path: string) => readFileSync(join(ROOT, path), "utf8");
  const sources = ["apps/cli/build.ts", "apps/cli/README.md"].concat(
    readdirSync(join(ROOT, "apps/cli/src"), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"))
      .map((path) => `apps/cli/src/${path}`),
  );
  const protos = ["kvstore", "logstore"].map((name) => sourceOf(`proto/lattice/${name}/v1/${name}.proto`));
  const ofNode = COMMANDS.filter((command) => command.group !== "cluster");
  const own = new Set(ofNode.flatMap((command) => command.path));
  /** Keys and values are what a cluster is about: their words are etcd's. */
  const ofCluster = /^apps\/cli\/src\/(cluster\/|commands\/cluster\.ts)/;
  const methods = protos
    .flatMap((proto) => [...proto.matchAll(/rpc (\w+)/g)].map((match) => match[1]!.toLowerCase()))
    .filter((name) => !own.has(name));

  test("there is something to look for", () => {
    expect(methods.length).toBeGreaterThan(8);
  });

  test.each(sources)("%s", (path) => {
    const source = sourceOf(path).replace(/^## Clusters$[^]*?^## /m, "## ");
    expect(source).not.toMatch(/core:\w|kvstore|logstore|systemstore/i);
    if (ofCluster.test(path)) return;
    // In code a name would stand in quotes; in text, in backquotes or at a prompt.
    for (const name of methods)
      expect(source).not.toMatch(new RegExp(`["'\`]${name}["'\` ]|lattice\\S*> ${name}`));
  });
});

test.each([
  ["stauts", "status"],
  ["lst", "list"],
  ["ndoe", "node"],
  ["xyzzy", undefined],
  ["a", undefined],
])("nearest to %s is %s", (word, expected) => {
  expect(nearest(word, ["status", "list", "node", "history"])).toBe(expected);
});

test("spans of time", () => {
  expect(["90s", "30m", "12h", "7d", "2w"].map(parseDurationMs)).toEqual([
    90_000, 1_800_000, 43_200_000, 604_800_000, 1_209_600_000,
  ]);
  for (const text of ["", "7", "d", "0d", "-1d", "1.5h", "7 d", "1y"]) {
    expect(() => parseDurationMs(text)).toThrow("no time span");
  }
  expect(() => parseDurationMs("10000000s")).toThrow("write it in a larger unit");
});

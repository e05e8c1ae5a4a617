/** What `--json` prints is what the reference says: the message that a command names, whole, and nothing else. */
import { daemon } from "@lattice/proto";
import { expect, test } from "vitest";
import { COMMANDS } from "../src/commands/registry.ts";
import { fromJson, toJson, type Json } from "../src/fields/json.ts";
import type { MessageType } from "../src/fields/message.ts";
import { FakeNode } from "./fake-node.ts";
import { run } from "./harness.ts";

/** What positionals are given; all else is left out. */
const WORDS: Readonly<Record<string, string>> = {
  name: "name",
  store: "notes",
  key: "color",
  invite: "cd",
  token: "good",
  prefix: "44",
};

const ofNode = COMMANDS.filter(({ group }) => group !== "cluster");
const named = ofNode.filter(({ json }) => typeof json === "string");

function wordsOf({ path, positionals = [] }: (typeof COMMANDS)[number]): string[] {
  return [
    ...path,
    ...positionals.filter(({ optional }) => optional !== true).map(({ name }) => WORDS[name]!),
  ];
}

test.each(named.map((command) => [command.path.join(" "), command] as const))(
  "%s",
  async (_name, command) => {
    const node = new FakeNode();
    node.create({ name: "notes" });
    const { code, out, err } = await run([...wordsOf(command), "--json"], { node });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out.split("\n")).toHaveLength(2);
    const printed = JSON.parse(out) as Json;
    const type = daemon[command.json as keyof typeof daemon] as unknown as MessageType;
    // Every name in it is a field of the message, and every field that must be there is.
    expect(toJson(type, fromJson(type, printed))).toEqual(printed);
  },
);

test("every command that answers says what it answers in JSON", () => {
  const silent = ofNode.filter(({ json }) => json === undefined).map(({ path }) => path.join(" "));
  expect(silent).toEqual(["unsub", "completion", "help", "quit"]);
  expect(COMMANDS.filter(({ group, json }) => group === "cluster" && json === undefined)).toEqual([]);
});

test("subs lists what runs, one document for all", async () => {
  const node = new FakeNode();
  node.create({ name: "notes" });
  const { out } = await run([], { node, input: "watch\nsubs --json\nunsub all\n" });
  expect(JSON.parse(out.split("\n")[0]!)).toEqual([{ id: 1, label: "watch" }]);
});

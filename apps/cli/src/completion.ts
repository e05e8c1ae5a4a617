/** What Tab offers: commands, methods of the store, flags, fields, stores, types. */
import type { daemon } from "@lattice/proto";
import { COMMANDS, findCommand } from "./commands/registry.ts";
import { lineFlagsOf, type Command } from "./commands/command.ts";
import { isBool } from "./fields/message.ts";
import { kebabCase } from "./fields/names.ts";
import { LINE_FLAGS } from "./invocation.ts";
import { shortHex } from "./print/value.ts";
import type { Session } from "./session.ts";
import type { StoreMethod } from "./store-methods.ts";
import { quoteWord, splitWords } from "./tokenizer.ts";

const ROLES = ["reader", "writer", "admin", "owner"];

/** As readline wants it: whole words to choose from, and the part of the line that they replace. */
export async function complete(line: string, session: Session): Promise<[string[], string]> {
  const { words, lastStart } = splitWords(line);
  const isNew = lastStart === line.length;
  const before = isNew ? words : words.slice(0, -1);
  const typed = isNew ? "" : words.at(-1)!;
  const candidates = await candidatesFor(before, typed, session);
  const hits = [...new Set(candidates)].filter((candidate) => candidate.startsWith(typed)).toSorted();
  return [hits.map((hit) => (hit.endsWith("=") ? hit : `${quoteWord(hit)} `)), line.slice(lastStart)];
}

async function candidatesFor(
  before: readonly string[],
  typed: string,
  session: Session,
): Promise<Iterable<string>> {
  const command = findCommand(before);
  const flag = flagOf(command, before.at(-1));
  if (flag?.value !== undefined) return values(flag.completes, session);
  if (command !== undefined) {
    if (typed.startsWith("-")) return flagsOf(command);
    return values(nextPositional(command, before)?.completes, session);
  }
  const nextWords = COMMANDS.filter((entry) => before.every((word, index) => entry.path[index] === word))
    .map((entry) => entry.path[before.length])
    .filter((word) => word !== undefined);
  if (nextWords.length > 0 && before.length > 0) return nextWords;
  const methods = await methodsOf(session);
  if (before.length === 0) return [...nextWords, ...methods.keys()];
  const method = methods.get(before[0]!);
  return method === undefined ? [] : fieldsOf(method, typed);
}

function flagOf(command: Command | undefined, word: string | undefined) {
  const flags = command === undefined ? LINE_FLAGS : [...lineFlagsOf(command), ...(command.flags ?? [])];
  return flags.find((flag) => `--${flag.name}` === word);
}

function flagsOf(command: Command): string[] {
  return [...lineFlagsOf(command), ...(command.flags ?? [])].map((flag) => `--${flag.name}`);
}

function nextPositional(command: Command, before: readonly string[]) {
  const given = before.slice(command.path.length).filter((word) => !word.startsWith("--")).length;
  const positionals = command.positionals ?? [];
  return positionals[given] ?? positionals.find((positional) => positional.rest === true);
}

function fieldsOf(method: StoreMethod, typed: string): string[] {
  const { fields } = method.request;
  if (typed.startsWith("-")) return [...fields, ...LINE_FLAGS].map((field) => `--${kebabCase(field.name)}`);
  if (typed === "") return [];
  return fields.filter((field) => !isBool(field)).map((field) => `${kebabCase(field.name)}=`);
}

type Completes = "store" | "type" | "role" | "command" | "stream" | undefined;

async function values(kind: Completes, session: Session): Promise<Iterable<string>> {
  switch (kind) {
    case "store":
      return (await stores(session)).flatMap(namesOf);
    case "type": {
      const { types } = await (await session.client()).node.listTypes({});
      return types.map((type) => type.type);
    }
    case "role":
      return ROLES;
    case "command":
      return [...COMMANDS.map((command) => command.path[0]!), ...(await methodsOf(session)).keys()];
    case "stream":
      return ["all", ...session.subscriptions.list().map(({ id }) => String(id))];
    case undefined:
      return [];
  }
}

async function stores(session: Session): Promise<readonly daemon.Store[]> {
  return (await (await session.client()).store.list({})).stores;
}

function namesOf(store: daemon.Store): string[] {
  return store.name === "" ? [shortHex(store.id)] : [store.name, shortHex(store.id)];
}

async function methodsOf(session: Session): Promise<ReadonlyMap<string, StoreMethod>> {
  if (session.current === undefined) return new Map();
  return session.methodsOf(session.current, new AbortController().signal).catch(() => new Map());
}

/**
 * What can come next in a line: commands, methods of the store, flags, fields, stores, types, keys. The REPL and the shells ask
 * here alike.
 */
import type { daemon } from "@lattice/proto";
import { COMMANDS, findCommand } from "./commands/registry.ts";
import { lineFlagsOf, type Command } from "./commands/command.ts";
import { positionalFields } from "./fields/arguments.ts";
import { isBool } from "./fields/message.ts";
import { fieldSpellings, helpOf, kebabCase, valuesOptionOf } from "./fields/names.ts";
import { takeFlags, type Completes, type Flag } from "./flags.ts";
import { LINE_FLAGS } from "./invocation.ts";
import { knownValues } from "./known-values.ts";
import { COLOR_CHOICES } from "./print/paint.ts";
import { escapeText } from "./print/text.ts";
import { shortHex } from "./print/value.ts";
import type { Session } from "./session.ts";
import { SHELLS } from "./shell-scripts.ts";
import type { StoreMethod } from "./store-methods.ts";
import { quoteWord, splitWords } from "./tokenizer.ts";

const ROLES = ["reader", "writer", "admin", "owner"];

export interface Candidate {
  /** As it is meant, not quoted. More is to follow where it ends with "=". */
  readonly word: string;
  /** One line; "" where there is nothing to say. */
  readonly help: string;
}

export interface TypedWords {
  readonly before: readonly string[];
  /** The word that is being typed, so far. */
  readonly last: string;
  /** Flags that are understood beside those of every line. */
  readonly flags?: readonly Flag[];
}

/** As readline wants it: whole words to choose from, and the part of the line that they replace. */
export async function complete(line: string, session: Session): Promise<[string[], string]> {
  const typed = typedWords(line);
  const found = await candidates(typed, session);
  const words = found.map(({ word }) => (word.endsWith("=") ? word : `${quoteWord(word)} `));
  return [words, line.slice(splitWords(line).lastStart)];
}

export function typedWords(line: string): TypedWords {
  const { words, lastStart } = splitWords(line);
  const isNew = lastStart === line.length;
  return { before: isNew ? words : words.slice(0, -1), last: isNew ? "" : words.at(-1)! };
}

/** Those that begin with what is typed, in order. */
export async function candidates(typed: TypedWords, session: Session): Promise<readonly Candidate[]> {
  const all = await new Completion(typed, session).candidates();
  const hits = new Map<string, Candidate>();
  for (const candidate of all) if (candidate.word.startsWith(typed.last)) hits.set(candidate.word, candidate);
  return [...hits.values()].toSorted((a, b) => (a.word < b.word ? -1 : 1));
}

class Completion {
  readonly #typed: TypedWords;
  readonly #session: Session;
  /** What was typed before without the flags that are known. */
  readonly #words: readonly string[];
  readonly #store: string | undefined;
  readonly #command: Command | undefined;

  constructor(typed: TypedWords, session: Session) {
    this.#typed = typed;
    this.#session = session;
    const common = [...LINE_FLAGS, ...(typed.flags ?? [])];
    const first = takeKnown(typed.before, common);
    this.#command = findCommand(first.words);
    const all = [...common, ...(this.#command?.flags ?? [])];
    const given = this.#command === undefined ? first : takeKnown(typed.before, all);
    this.#words = given.words;
    this.#store = given.store;
  }

  async candidates(): Promise<readonly Candidate[]> {
    const { before, last } = this.#typed;
    const awaited = this.#flags().find(
      (flag) => `--${flag.name}` === before.at(-1) && flag.value !== undefined,
    );
    if (awaited !== undefined) return this.#values(awaited.completes);
    const begun = this.#flags().find(
      (flag) => flag.value !== undefined && last.startsWith(`--${flag.name}=`),
    );
    if (begun !== undefined) {
      const found = await this.#values(begun.completes);
      return found.map(({ word, help }) => ({ word: `--${begun.name}=${word}`, help }));
    }
    if (this.#command !== undefined) return this.#ofCommand(this.#command);
    return this.#words.length === 0 ? this.#firstWords() : this.#later();
  }

  #flags(): readonly Flag[] {
    const command = this.#command;
    const own = command === undefined ? LINE_FLAGS : [...lineFlagsOf(command), ...(command.flags ?? [])];
    return [...own, ...(this.#typed.flags ?? [])];
  }

  #flagCandidates(): readonly Candidate[] {
    return this.#flags().map(({ name, help }) => ({ word: `--${name}`, help }));
  }

  async #ofCommand(command: Command): Promise<readonly Candidate[]> {
    if (this.#typed.last.startsWith("-")) return this.#flagCandidates();
    const positionals = command.positionals ?? [];
    const given = this.#words.length - command.path.length;
    const next = positionals[given] ?? positionals.find((positional) => positional.rest === true);
    if (next?.rest === true && given > 0 && command.group !== "cluster") {
      // What it takes is a method, and what is the method's own.
      const method = (await this.#methods()).get(this.#words[command.path.length]!);
      return method === undefined ? [] : this.#ofMethod(method, this.#words.slice(command.path.length + 1));
    }
    return this.#values(next?.completes);
  }

  async #firstWords(): Promise<readonly Candidate[]> {
    if (this.#typed.last.startsWith("-")) return this.#flagCandidates();
    const methods = await this.#methods();
    return [
      ...nextWords([]),
      ...[...methods.values()].map(({ name, summary }) => ({ word: name, help: summary })),
    ];
  }

  async #later(): Promise<readonly Candidate[]> {
    const next = nextWords(this.#words);
    if (next.length > 0) return next;
    const [name = "", ...given] = this.#words;
    const method = (await this.#methods()).get(name);
    return method === undefined ? [] : this.#ofMethod(method, given);
  }

  async #ofMethod(method: StoreMethod, given: readonly string[]): Promise<readonly Candidate[]> {
    const { last } = this.#typed;
    const { fields } = method.request;
    if (last.startsWith("-")) {
      const own = fields.map((field) => ({ word: `--${kebabCase(field.name)}`, help: helpOf(field) }));
      return [...own, ...this.#flagCandidates()];
    }
    const fieldOf = (word: string) =>
      fields.find((field) => fieldSpellings(field).includes(word.slice(0, Math.max(0, word.indexOf("=")))));
    const named = fieldOf(last);
    if (named !== undefined) {
      const at = last.indexOf("=") + 1;
      const found = await this.#knownValues(valuesOptionOf(named), last.slice(at));
      return found.map(({ word, help }) => ({ word: last.slice(0, at) + word, help }));
    }
    const taken = new Set(given.map(fieldOf));
    const free = positionalFields(method.request).filter((field) => !taken.has(field));
    const count = given.filter((word) => !word.startsWith("--") && fieldOf(word) === undefined).length;
    const next = free[count];
    const values = next === undefined ? [] : await this.#knownValues(valuesOptionOf(next), last);
    const names = fields
      .filter((field) => !isBool(field) && last !== "")
      .map((field) => ({ word: `${kebabCase(field.name)}=`, help: helpOf(field) }));
    return [...values, ...names];
  }

  async #knownValues(option: string | undefined, typed: string): Promise<readonly Candidate[]> {
    if (option === undefined) return [];
    const store = await this.#currentStore();
    return store === undefined ? [] : knownValues(this.#session, { store, option, typed });
  }

  async #values(kind: Completes | undefined): Promise<readonly Candidate[]> {
    switch (kind) {
      case "store":
        return (await this.#client()).store.list({}).then(({ stores }) => stores.flatMap(storeCandidates));
      case "type": {
        const { types } = await (await this.#client()).node.listTypes({});
        return types.map(({ type }) => ({ word: type, help: "" }));
      }
      case "method":
        return [...(await this.#methods()).values()].map(({ name, summary }) => ({
          word: name,
          help: summary,
        }));
      case "command":
        return this.#firstWords();
      case "stream":
        return [
          { word: "all", help: "" },
          ...this.#session.subscriptions.list().map(({ id, label }) => ({ word: String(id), help: label })),
        ];
      case "subject":
        return this.#subjects();
      case "role":
        return plain(ROLES);
      case "color":
        return plain(COLOR_CHOICES);
      case "shell":
        return plain(SHELLS);
      case undefined:
        return [];
    }
  }

  /** The first field of any method that says where its values are. */
  async #subjects(): Promise<readonly Candidate[]> {
    const fields = [...(await this.#methods()).values()].flatMap(({ request }) => request.fields);
    const option = fields.map(valuesOptionOf).find((each) => each !== undefined);
    return this.#knownValues(option, this.#typed.last);
  }

  #client() {
    return this.#session.client();
  }

  async #currentStore(): Promise<daemon.Store | undefined> {
    if (this.#store !== undefined) return (await this.#client()).store.resolve({ store: this.#store });
    return this.#session.seekStore(new AbortController().signal);
  }

  async #methods(): Promise<ReadonlyMap<string, StoreMethod>> {
    try {
      const store = await this.#currentStore();
      if (store === undefined) return new Map();
      return await this.#session.methodsOf(store, new AbortController().signal);
    } catch {
      return new Map();
    }
  }
}

/** Words that continue these to the name of a command. */
function nextWords(words: readonly string[]): readonly Candidate[] {
  const found = new Map<string, Candidate>();
  for (const { path, summary } of COMMANDS) {
    const word = path[words.length];
    if (word === undefined || !words.every((each, index) => path[index] === each)) continue;
    found.set(word, { word, help: path.length === words.length + 1 ? summary : "" });
  }
  return [...found.values()];
}

/** Never throws: what is being typed need not make sense yet. */
function takeKnown(before: readonly string[], flags: readonly Flag[]) {
  try {
    const { words, values } = takeFlags(before, flags);
    return { words, store: values.get("store")?.[0] };
  } catch {
    // A flag whose value is still to come.
    return { words: before.filter((word) => !word.startsWith("--")), store: undefined };
  }
}

function storeCandidates(store: daemon.Store): readonly Candidate[] {
  const id = { word: shortHex(store.id), help: store.type };
  return store.name === "" ? [id] : [{ word: escapeText(store.name), help: store.type }, id];
}

function plain(words: readonly string[]): readonly Candidate[] {
  return words.map((word) => ({ word, help: "" }));
}

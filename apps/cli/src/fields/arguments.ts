/**
 * The words behind a method's name as its request. Everything comes from reflection: what a field is called, of what
 * type it is, whether it stands by position.
 *
 *   WORD           the next field by position; a repeated field takes all that later ones do not need
 *   name=WORD      any field; only where `name` is one, so that a value may contain "="
 *   --name WORD    the same, and --name=WORD
 *   --name         a bool; --no-name for false
 *   --             all words behind it stand by position
 *
 * Not by position: bools, maps, members of a oneof, and what the .proto marks as named.
 */
import type { FieldInfo } from "@protobuf-ts/runtime";
import { UsageError } from "../errors.ts";
import { didYouMean } from "../suggest.ts";
import { hasPresence, isBool, isRepeated, oneofMember, setValue, type MessageType } from "./message.ts";
import { fieldSpellings, isNamedOnly, kebabCase } from "./names.ts";
import { parseBool, parseElements, parseEntry, parseValue } from "./value.ts";

export interface ArgumentWords {
  readonly words: readonly string[];
  /** What stands behind `--`. */
  readonly literal?: readonly string[] | undefined;
}

export interface ArgumentOptions {
  /**
   * A positional may not be left out where nobody could tell that from an empty value. A field that has no position, and
   * whose absence can be told, stands in for one when it is given.
   */
  readonly isComplete: boolean;
  /** What a word "-" stands for, in a field of bytes. */
  readonly input?: Uint8Array | undefined;
}

export function parseArguments(type: MessageType, given: ArgumentWords, options: ArgumentOptions): object {
  return new ArgumentParser(type, options.input).parse(given, options);
}

export function positionalFields(type: MessageType): readonly FieldInfo[] {
  return type.fields.filter((field) => !isNamed(field));
}

export function namedFields(type: MessageType): readonly FieldInfo[] {
  return type.fields.filter(isNamed);
}

function isNamed(field: FieldInfo): boolean {
  return isNamedOnly(field) || isBool(field) || field.kind === "map" || field.oneof !== undefined;
}

class ArgumentParser {
  readonly #type: MessageType;
  readonly #message: Record<string, unknown>;
  readonly #given = new Set<FieldInfo>();

  readonly #input: Uint8Array | undefined;

  constructor(type: MessageType, input: Uint8Array | undefined) {
    this.#type = type;
    this.#input = input;
    this.#message = type.create();
  }

  parse({ words, literal = [] }: ArgumentWords, { isComplete }: ArgumentOptions): object {
    const positional = [...this.#takeNamed(words), ...literal];
    const standIns = namedFields(this.#type).filter(
      (field) => this.#given.has(field) && hasPresence(field),
    ).length;
    const missing = this.#takePositional(positional);
    if (isComplete && missing.length > standIns) {
      throw new UsageError(`${missing[0]!.name.toUpperCase()} is missing`);
    }
    return this.#message;
  }

  #takeNamed(words: readonly string[]): readonly string[] {
    const positional: string[] = [];
    for (let at = 0; at < words.length; at++) {
      const word = words[at]!;
      const flag = /^--([^=]+)(?:=([^]*))?$/.exec(word);
      if (flag === null) {
        if (!this.#takeAssignment(word)) positional.push(word);
        continue;
      }
      const [, name = "", value] = flag;
      if (this.#takeSwitch(name, value)) continue;
      const field = this.#fieldOf(name) ?? this.#unknownFlag(name);
      const next = value ?? words[++at];
      if (next === undefined) throw new UsageError(`--${name} needs a value`);
      this.#assign(field, next);
    }
    return positional;
  }

  #takeAssignment(word: string): boolean {
    const at = word.indexOf("=");
    const field = at < 0 ? undefined : this.#fieldOf(word.slice(0, at));
    if (field === undefined) return false;
    this.#assign(field, word.slice(at + 1));
    return true;
  }

  #takeSwitch(name: string, value: string | undefined): boolean {
    const field = this.#fieldOf(name);
    if (field !== undefined && isBool(field) && !isRepeated(field)) {
      this.#set(field, value === undefined || parseBool(value, field.name));
      return true;
    }
    const negated = name.startsWith("no-") && field === undefined ? this.#fieldOf(name.slice(3)) : undefined;
    if (negated === undefined || !isBool(negated) || value !== undefined) return false;
    this.#set(negated, false);
    return true;
  }

  #fieldOf(name: string): FieldInfo | undefined {
    return this.#type.fields.find((field) => fieldSpellings(field).includes(name));
  }

  #unknownFlag(name: string): never {
    const names = this.#type.fields.map((field) => kebabCase(field.name));
    throw new UsageError(`unknown flag --${name}${didYouMean(name, names)}`);
  }

  #assign(field: FieldInfo, word: string): void {
    if (field.kind === "map") {
      const [key, value] = parseEntry(field, word, this.#input);
      const entries = this.#message[field.localName] as object;
      Object.defineProperty(entries, key, { value, enumerable: true, configurable: true, writable: true });
      this.#given.add(field);
    } else if (isRepeated(field)) {
      (this.#message[field.localName] as unknown[]).push(...parseElements(field, word, this.#input));
      this.#given.add(field);
    } else {
      this.#set(field, parseValue(field, word, this.#input));
    }
  }

  #set(field: FieldInfo, value: unknown): void {
    if (this.#given.has(field)) throw new UsageError(`${field.name} is given twice`);
    if (oneofMember(this.#message, field) !== undefined) {
      throw new UsageError(`only one of the choices of ${field.oneof} can be given`);
    }
    setValue(this.#message, field, value);
    this.#given.add(field);
  }

  /** Returns the fields for which no word was left. */
  #takePositional(words: readonly string[]): readonly FieldInfo[] {
    const fields = positionalFields(this.#type).filter((field) => !this.#given.has(field));
    const missing: FieldInfo[] = [];
    let at = 0;
    fields.forEach((field, index) => {
      const later = isRepeated(field) ? fields.length - index - 1 : 0;
      const count = isRepeated(field) ? Math.max(0, words.length - at - later) : 1;
      const taken = words.slice(at, at + count);
      for (const word of taken) this.#assign(field, word);
      at += taken.length;
      if (taken.length === 0 && !hasPresence(field)) missing.push(field);
    });
    if (at < words.length) throw new UsageError(`"${words[at]}" is one argument too many`);
    return missing;
  }
}

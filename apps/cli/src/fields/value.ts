/** One word of the command line as the value of a field. */
import { readFileSync } from "node:fs";
import { ScalarType, type FieldInfo } from "@protobuf-ts/runtime";
import { fromHex } from "@lattice/model";
import { UsageError } from "../errors.ts";
import { fromJson, type Json } from "./json.ts";
import { elementOf, isLong, longValue, type ElementInfo, type MessageType } from "./message.ts";
import { enumNames, isIdField, kebabCase, timeFormOf } from "./names.ts";
import { parseFloating, parseInteger } from "./numbers.ts";

/** The value, or one element of a repeated field; for messages also several, as a JSON array. */
export function parseValue(field: FieldInfo, word: string, input?: Uint8Array): unknown {
  const element = elementOf(field);
  switch (element.kind) {
    case "message":
      return parseMessage(element.T(), word, field.name);
    case "enum":
      return parseEnum(element, word, field.name);
    case "scalar":
      return parseScalar(element, word, { field, input });
  }
}

/** Several messages may stand in one array. */
export function parseElements(field: FieldInfo, word: string, input?: Uint8Array): readonly unknown[] {
  const element = elementOf(field);
  if (element.kind !== "message" || !word.trimStart().startsWith("["))
    return [parseValue(field, word, input)];
  const json = parseJson(word, field.name);
  return (json as readonly Json[]).map((item) => fromJson(element.T(), item));
}

/** An entry of a map, as KEY=VALUE. */
export function parseEntry(
  field: FieldInfo & { kind: "map" },
  word: string,
  input?: Uint8Array,
): readonly [string, unknown] {
  const at = word.indexOf("=");
  if (at < 0) throw new UsageError(`${field.name}: "${word}" is not of the form KEY=VALUE`);
  return [parseKey(field, word.slice(0, at)), parseValue(field, word.slice(at + 1), input)];
}

function parseKey(field: FieldInfo & { kind: "map" }, word: string): string {
  if (field.K === ScalarType.STRING) return word;
  if (field.K === ScalarType.BOOL) return String(parseBool(word, field.name));
  return parseInteger(word, { type: field.K, name: field.name }).toString();
}

export function parseBool(word: string, name: string): boolean {
  if (["true", "1", "yes"].includes(word)) return true;
  if (["false", "0", "no"].includes(word)) return false;
  throw new UsageError(`${name}: "${word}" is neither true nor false`);
}

function parseScalar(
  element: ElementInfo & { kind: "scalar" },
  word: string,
  { field, input }: { field: FieldInfo; input: Uint8Array | undefined },
): unknown {
  const { T: type, L: form } = element;
  const { name } = field;
  switch (type) {
    case ScalarType.STRING:
      return word;
    case ScalarType.BYTES:
      return parseBytes(word, { field, input });
    case ScalarType.BOOL:
      return parseBool(word, name);
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return parseFloating(word, name);
    default: {
      const value = parseTime(field, word) ?? parseInteger(word, { type, name });
      return isLong(type) ? longValue(value, form) : Number(value);
    }
  }
}

/** A date, for a field that counts milliseconds since 1970. */
function parseTime(field: FieldInfo, word: string): bigint | undefined {
  if (timeFormOf(field) !== "ms" || !/^\d{4}-\d\d-\d\d/.test(word)) return undefined;
  const ms = Date.parse(word);
  if (Number.isNaN(ms)) throw new UsageError(`${field.name}: "${word}" is no date`);
  return BigInt(ms);
}

function parseBytes(
  word: string,
  { field, input }: { field: FieldInfo; input: Uint8Array | undefined },
): Uint8Array {
  const isPlain = !/^(text:|hex:|base64:|@|-$)/.test(word);
  return isPlain && isIdField(field) ? parseHex(word, field.name) : bytesOfWord(word, field.name, input);
}

/** Text, `hex:00ff`, `base64:AP8=`, `@file`, `-` for `input`, `text:@not-a-file`. */
export function bytesOfWord(word: string, name: string, input?: Uint8Array): Uint8Array {
  if (word === "-") {
    if (input !== undefined) return input;
    throw new UsageError(
      `${name}: only a single command can read "-", its standard input; write @FILE, or text:- for a dash`,
    );
  }
  if (word.startsWith("text:")) return bytesOfText(word.slice(5), name);
  if (word.startsWith("hex:")) return parseHex(word.slice(4), name);
  if (word.startsWith("base64:")) return parseBase64(word.slice(7), name);
  if (word.startsWith("@")) return readBytes(word.slice(1), name);
  return bytesOfText(word, name);
}

/** What was typed and is no UTF-8 has become U+FFFD on its way here: two keys would be one. */
function bytesOfText(text: string, name: string): Uint8Array {
  if (text.includes("\ufffd")) {
    throw new UsageError(
      `${name}: it is not UTF-8 as it was typed; write hex:… for such bytes, hex:efbfbd for U+FFFD`,
    );
  }
  return new TextEncoder().encode(text);
}

function parseHex(text: string, name: string): Uint8Array {
  const bytes = fromHex(text);
  if (bytes === undefined) throw new UsageError(`${name}: "${text}" is not an even number of hex digits`);
  return bytes;
}

function parseBase64(text: string, name: string): Uint8Array {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) throw new UsageError(`${name}: "${text}" is not base64`);
  return new Uint8Array(Buffer.from(text, "base64"));
}

function readBytes(path: string, name: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === "ENOENT" ? "does not exist" : "cannot be read";
    throw new UsageError(
      `${name}: the file "${path}" ${reason}; write text:@… for a value that starts with @`,
    );
  }
}

function parseEnum(element: ElementInfo & { kind: "enum" }, word: string, name: string): number {
  const names = enumNames(element);
  const [typeName] = element.T();
  const prefix = `${kebabCase(typeName.slice(typeName.lastIndexOf(".") + 1))}-`;
  const kebab = kebabCase(word);
  const value = names.get(kebab) ?? names.get(kebab.startsWith(prefix) ? kebab.slice(prefix.length) : kebab);
  if (value !== undefined) return value;
  if (/^-?\d+$/.test(word)) return Number(parseInteger(word, { type: ScalarType.INT32, name }));
  throw new UsageError(`${name}: "${word}" is none of: ${[...names.keys()].join(", ")}`);
}

function parseMessage(type: MessageType, word: string, name: string): object {
  return fromJson(type, parseJson(word, name));
}

function parseJson(word: string, name: string): Json {
  try {
    return JSON.parse(word) as Json;
  } catch {
    throw new UsageError(`${name}: "${word}" is not JSON`);
  }
}

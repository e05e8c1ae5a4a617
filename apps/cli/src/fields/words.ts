/** A request as the words that stand for it: the way back from `parseArguments`. */
import { ScalarType, type FieldInfo } from "@protobuf-ts/runtime";
import { toHex } from "@lattice/model";
import { decodePrintable } from "../print/text.ts";
import { positionalFields } from "./arguments.ts";
import { elementToJson } from "./json.ts";
import { elementOf, isBool, isPopulated, isRepeated, valueOf, type MessageType } from "./message.ts";
import { fieldSpellings, isIdField, kebabCase } from "./names.ts";

/** Not quoted yet. */
export function wordsOf(type: MessageType, message: object): string[] {
  const words: string[] = [];
  const positional = positionalFields(type);
  const gap = positional.findIndex((field) => isRepeated(field) || !isPopulated(message, field));
  const bare = new Set(gap < 0 ? positional : positional.slice(0, gap));
  for (const field of [...bare, ...type.fields.filter((each) => !bare.has(each))]) {
    if (!isPopulated(message, field)) continue;
    for (const word of wordsOfField(field, valueOf(message, field))) {
      words.push(bare.has(field) && isSafe(word, type) ? word : named(field, word));
    }
  }
  return words;
}

/** Bytes as they can be typed: as text where that is one printable line. */
export function wordOfBytes(bytes: Uint8Array): string {
  const text = decodePrintable(bytes);
  if (text === undefined || /[\n\t\ufffd]/.test(text)) return `hex:${toHex(bytes)}`;
  return /^(text:|hex:|base64:|@|--|-$)/.test(text) ? `text:${text}` : text;
}

function wordsOfField(field: FieldInfo, value: unknown): string[] {
  const one = (item: unknown) => wordOf(field, item);
  if (field.kind === "map")
    return Object.entries(value as Record<string, unknown>).map(([key, item]) => `${key}=${one(item)}`);
  return isRepeated(field) ? (value as unknown[]).map(one) : [one(value)];
}

function wordOf(field: FieldInfo, value: unknown): string {
  const element = elementOf(field);
  if (element.kind === "scalar" && element.T === ScalarType.BYTES) {
    return isIdField(field) ? toHex(value as Uint8Array) : wordOfBytes(value as Uint8Array);
  }
  const json = elementToJson(element, value, false);
  return typeof json === "object" ? JSON.stringify(json) : String(json);
}

/** Whether it is taken for what it is where it stands by position. */
function isSafe(word: string, type: MessageType): boolean {
  const name = word.slice(0, Math.max(0, word.indexOf("=")));
  return !word.startsWith("--") && !type.fields.some((field) => fieldSpellings(field).includes(name));
}

function named(field: FieldInfo, word: string): string {
  const name = kebabCase(field.name);
  if (isBool(field) && !isRepeated(field)) return word === "true" ? `--${name}` : `--no-${name}`;
  return `${name}=${word}`;
}

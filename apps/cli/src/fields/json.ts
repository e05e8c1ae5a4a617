/**
 * Messages as JSON, the one form that `--json` prints and that an argument of a message's type is written in:
 *
 *   names          as in the .proto, so `intention_count`; when reading also in kebab or camel case
 *   bytes          the text, where they are UTF-8; else {"base64": "…"}
 *   ids, hashes    hex
 *   64-bit numbers a number up to 2^53, beyond it a string
 *   enums          the name without what all names start with, in kebab case; a number where it has no name
 *   absent         left out, where absence differs from the default; else the default is there
 *
 * Invariants
 *  1. Reading what was written gives the same message.
 */
import { ScalarType, type FieldInfo } from "@protobuf-ts/runtime";
import { fromHex, toHex } from "@lattice/model";
import { UsageError } from "../errors.ts";
import { decodeUtf8 } from "../print/text.ts";
import {
  elementOf,
  isLong,
  isRepeated,
  longValue,
  oneofMember,
  setValue,
  valueOf,
  type ElementInfo,
  type MessageType,
} from "./message.ts";
import { enumName, enumNames, fieldSpellings, isIdField } from "./names.ts";
import { parseFloating, parseInteger } from "./numbers.ts";

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

export function toJson(type: MessageType, message: object): Json {
  const json: Record<string, Json> = {};
  for (const field of type.fields) {
    const value = valueOf(message, field);
    if (value !== undefined) define(json, field.name, fieldToJson(field, value));
  }
  return json;
}

function fieldToJson(field: FieldInfo, value: unknown): Json {
  const element = elementOf(field);
  const one = (item: unknown) => elementToJson(element, item, isIdField(field));
  if (field.kind === "map") {
    const json: Record<string, Json> = {};
    for (const [key, item] of Object.entries(value as Record<string, unknown>)) define(json, key, one(item));
    return json;
  }
  return isRepeated(field) ? (value as unknown[]).map(one) : one(value);
}

/** Also for a key of a map that is called `__proto__`. */
function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

export function elementToJson(element: ElementInfo, value: unknown, isId: boolean): Json {
  switch (element.kind) {
    case "message":
      return toJson(element.T(), value as object);
    case "enum": {
      const name = enumName(element, value as number);
      return enumNames(element).has(name) ? name : (value as number);
    }
    case "scalar":
      return scalarToJson(element.T, value, isId);
  }
}

function scalarToJson(type: ScalarType, value: unknown, isId: boolean): Json {
  if (type === ScalarType.BYTES) return bytesToJson(value as Uint8Array, isId);
  if (isLong(type)) {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))) {
    return Object.is(value, -0) ? "-0" : String(value);
  }
  return value as string | number | boolean;
}

function bytesToJson(bytes: Uint8Array, isId: boolean): Json {
  if (isId) return toHex(bytes);
  return decodeUtf8(bytes) ?? { base64: Buffer.from(bytes).toString("base64") };
}

/** Throws `UsageError` for what is no such message. */
export function fromJson(type: MessageType, json: Json): Record<string, unknown> {
  if (!isObject(json)) throw new UsageError(`${shortName(type)} is written as a JSON object`);
  const message = type.create();
  for (const [name, value] of Object.entries(json)) {
    const field = type.fields.find((candidate) => fieldSpellings(candidate).includes(name));
    if (field === undefined) {
      const known = type.fields.map((candidate) => candidate.name).join(", ");
      throw new UsageError(`${shortName(type)} has no field "${name}", only: ${known}`);
    }
    if (value === null) continue;
    if (oneofMember(message, field) !== undefined) {
      throw new UsageError(`only one of the choices of ${field.oneof} can be given`);
    }
    setValue(message, field, fieldFromJson(field, value));
  }
  return message;
}

function fieldFromJson(field: FieldInfo, json: Json): unknown {
  const element = elementOf(field);
  const one = (item: Json) => elementFromJson(element, item, { name: field.name, isId: isIdField(field) });
  if (field.kind === "map") {
    if (!isObject(json)) throw new UsageError(`${field.name} is written as a JSON object`);
    const map = {};
    for (const [key, item] of Object.entries(json)) define(map, key, one(item));
    return map;
  }
  if (!isRepeated(field)) return one(json);
  if (!Array.isArray(json)) throw new UsageError(`${field.name} is written as a JSON array`);
  return (json as Json[]).map(one);
}

function elementFromJson(element: ElementInfo, json: Json, field: { name: string; isId: boolean }): unknown {
  switch (element.kind) {
    case "message":
      return fromJson(element.T(), json);
    case "enum": {
      const value = typeof json === "number" ? json : enumNames(element).get(String(json));
      if (value !== undefined) return value;
      throw new UsageError(`${field.name} is one of: ${[...enumNames(element).keys()].join(", ")}`);
    }
    case "scalar":
      return scalarFromJson(element, json, field);
  }
}

function scalarFromJson(
  element: ElementInfo & { kind: "scalar" },
  json: Json,
  field: { name: string; isId: boolean },
): unknown {
  const { T: type } = element;
  if (type === ScalarType.BYTES) return bytesFromJson(json, field);
  if (type === ScalarType.STRING && typeof json === "string") return json;
  if (type === ScalarType.BOOL && typeof json === "boolean") return json;
  if (type !== ScalarType.STRING && type !== ScalarType.BOOL && ["number", "string"].includes(typeof json)) {
    if (type === ScalarType.DOUBLE || type === ScalarType.FLOAT)
      return parseFloating(String(json), field.name);
    const value = parseInteger(String(json), { type, name: field.name });
    return isLong(type) ? longValue(value, element.L) : Number(value);
  }
  throw new UsageError(`${field.name}: ${JSON.stringify(json)} is not of its type`);
}

function bytesFromJson(json: Json, field: { name: string; isId: boolean }): Uint8Array {
  if (typeof json === "string") {
    const bytes = field.isId ? fromHex(json) : new TextEncoder().encode(json);
    if (bytes !== undefined) return bytes;
  } else if (isObject(json) && typeof json["base64"] === "string") {
    return new Uint8Array(Buffer.from(json["base64"], "base64"));
  }
  throw new UsageError(`${field.name} is written as ${field.isId ? "hex" : 'text, or as {"base64": "…"}'}`);
}

function isObject(json: Json): json is { readonly [name: string]: Json } {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function shortName(type: MessageType): string {
  return type.typeName.slice(type.typeName.lastIndexOf(".") + 1);
}

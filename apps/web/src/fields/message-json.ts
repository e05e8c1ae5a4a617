/** A message as JSON for people: names as in the `.proto`, ids in hex, other bytes as text where they are text. */
import type { FieldInfo } from "@protobuf-ts/runtime";
import type { Message, MessageType } from "../data/store-methods.ts";
import { printableText, toBase64 } from "../text/bytes-text.ts";
import { toHex } from "../text/hex.ts";
import { elementOf, enumName, isIdField, isRepeated, valueOf, type Element } from "./field.ts";

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

export function messageJson(type: MessageType, message: Message): Json {
  const entries = type.fields.flatMap((field) => {
    const value = valueOf(message, field);
    return value === undefined ? [] : [[field.name, fieldJson(field, value)] as const];
  });
  return Object.fromEntries(entries);
}

function fieldJson(field: FieldInfo, value: unknown): Json {
  const one = (item: unknown): Json => elementJson(elementOf(field), item, isIdField(field));
  if (field.kind === "map") {
    return Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, one(item)]));
  }
  return isRepeated(field) ? (value as unknown[]).map(one) : one(value);
}

function elementJson(element: Element, value: unknown, isId: boolean): Json {
  if (element.kind === "message") return messageJson(element.T(), value as Message);
  if (element.kind === "enum") return enumName(element, value as number);
  if (value instanceof Uint8Array)
    return isId ? toHex(value) : (printableText(value) ?? { base64: toBase64(value) });
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  }
  return value as string | number | boolean;
}

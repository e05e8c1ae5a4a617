/**
 * From what was typed to a message, or to what is wrong with it: all mistakes at once, each at its place.
 *
 * Invariants
 *  1. A message that comes out can be encoded.
 */
import { LongType, ScalarType, type FieldInfo } from "@protobuf-ts/runtime";
import type { Message, MessageType } from "../data/store-methods.ts";
import { readBytes } from "../text/bytes-text.ts";
import { fieldDraft, type ElementDraft, type FieldDraft, type MessageDraft } from "./draft.ts";
import { elementOf, enumValues, isLong, keyElementOf, setValue, type Element } from "./field.ts";
import { parseFloating, parseInteger } from "./parse-number.ts";

/** Where in a form: the names of fields, and places in lists, joined by dots. */
export type FieldPath = string;

export type ParsedDraft =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly mistakes: ReadonlyMap<FieldPath, string> };

export function parseDraft(type: MessageType, draft: MessageDraft): ParsedDraft {
  const mistakes = new Map<FieldPath, string>();
  const message = new DraftParser(mistakes).message(type, draft, "");
  return mistakes.size === 0 ? { ok: true, message } : { ok: false, mistakes };
}

export function joinPath(path: FieldPath, step: string | number): FieldPath {
  return path === "" ? String(step) : `${path}.${step}`;
}

class DraftParser {
  readonly #mistakes: Map<FieldPath, string>;

  constructor(mistakes: Map<FieldPath, string>) {
    this.#mistakes = mistakes;
  }

  message(type: MessageType, draft: MessageDraft, path: FieldPath): Message {
    const message = type.create();
    for (const field of type.fields) {
      const value = this.#field(field, fieldDraft(draft, field), joinPath(path, field.name));
      if (value !== undefined) setValue(message, field, value);
    }
    return message;
  }

  #field(field: FieldInfo, draft: FieldDraft, path: FieldPath): unknown {
    const element = elementOf(field);
    switch (draft.kind) {
      case "single":
        return draft.isPresent ? this.#element(element, draft.element, path) : undefined;
      case "list":
        return draft.items.map((item, at) => this.#element(element, item, joinPath(path, at)));
      case "map":
        return field.kind === "map" ? this.#map(field, draft, path) : undefined;
    }
  }

  #map(field: FieldInfo & { kind: "map" }, draft: FieldDraft & { kind: "map" }, path: FieldPath): object {
    const entries = new Map<string, unknown>();
    draft.entries.forEach((entry, at) => {
      const place = joinPath(path, at);
      const key = String(this.#element(keyElementOf(field), entry.key, joinPath(place, "key")));
      if (entries.has(key)) this.#mistakes.set(joinPath(place, "key"), "this key is there already");
      entries.set(key, this.#element(field.V, entry.value, joinPath(place, "value")));
    });
    return Object.fromEntries(entries);
  }

  #element(element: Element, draft: ElementDraft, path: FieldPath): unknown {
    switch (draft.kind) {
      case "bool":
        return draft.checked;
      case "message":
        return element.kind === "message" ? this.message(element.T(), draft.message, path) : undefined;
      case "enum":
        return element.kind === "enum" ? this.#enum(element, draft.number, path) : draft.number;
      case "text": {
        const read = element.kind === "scalar" ? readScalar(element, draft) : { mistake: "no such field" };
        if ("value" in read) return read.value;
        this.#mistakes.set(path, read.mistake);
        return undefined;
      }
    }
  }

  #enum(element: Element & { kind: "enum" }, number: number, path: FieldPath): number {
    if (!enumValues(element).some(([, value]) => value === number)) {
      this.#mistakes.set(path, "choose one of the values");
    }
    return number;
  }
}

type Read = { readonly value: unknown } | { readonly mistake: string };

const BYTES_MISTAKES = {
  text: "not text",
  hex: "hex is pairs of the digits 0–9 and a–f",
  base64: "not base64",
} as const;

function readScalar(
  element: Element & { kind: "scalar" },
  { text, form = "text" }: ElementDraft & { kind: "text" },
): Read {
  switch (element.T) {
    case ScalarType.STRING:
      return { value: text };
    case ScalarType.BOOL:
      return text === "true" || text === "false" ? { value: text === "true" } : { mistake: "true or false" };
    case ScalarType.BYTES: {
      const bytes = readBytes(text, form);
      return bytes === undefined ? { mistake: BYTES_MISTAKES[form] } : { value: bytes };
    }
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return parseFloating(text);
    default: {
      const read = parseInteger(text, element.T);
      return "value" in read ? { value: inForm(read.value, element) } : read;
    }
  }
}

function inForm(value: bigint, { T, L }: Element & { kind: "scalar" }): bigint | number | string {
  if (!isLong(T)) return Number(value);
  if (L === LongType.BIGINT) return value;
  return L === LongType.NUMBER ? Number(value) : value.toString();
}

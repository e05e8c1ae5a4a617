/**
 * What a person has typed into the form of a message, as it was typed. It is plain data, so that it can be kept when the form goes
 * away, and it holds only what was touched: what is missing is as the field starts.
 */
import { ScalarType, type FieldInfo } from "@protobuf-ts/runtime";
import type { BytesForm } from "../text/bytes-text.ts";
import { elementOf, enumValues, hasPresence, isBytes, isRepeated, type Element } from "./field.ts";

export type ElementDraft =
  /** Strings, numbers and bytes. */
  | { readonly kind: "text"; readonly text: string; readonly form?: BytesForm }
  | { readonly kind: "bool"; readonly checked: boolean }
  | { readonly kind: "enum"; readonly number: number }
  | { readonly kind: "message"; readonly message: MessageDraft };

export type FieldDraft =
  | { readonly kind: "single"; readonly isPresent: boolean; readonly element: ElementDraft }
  | { readonly kind: "list"; readonly items: readonly ElementDraft[] }
  | { readonly kind: "map"; readonly entries: readonly MapEntryDraft[] };

export interface MapEntryDraft {
  readonly key: ElementDraft;
  readonly value: ElementDraft;
}

/** By the names of the fields in the `.proto`. */
export interface MessageDraft {
  readonly [field: string]: FieldDraft;
}

export const EMPTY_DRAFT: MessageDraft = {};

export function startOfElement(element: Element): ElementDraft {
  switch (element.kind) {
    case "message":
      return { kind: "message", message: EMPTY_DRAFT };
    case "enum":
      return { kind: "enum", number: enumValues(element)[0]?.[1] ?? 0 };
    case "scalar":
      if (element.T === ScalarType.BOOL) return { kind: "bool", checked: false };
      return isBytes(element) ? { kind: "text", text: "", form: "text" } : { kind: "text", text: "" };
  }
}

function startOfField(field: FieldInfo): FieldDraft {
  if (field.kind === "map") return { kind: "map", entries: [] };
  if (isRepeated(field)) return { kind: "list", items: [] };
  return { kind: "single", isPresent: !hasPresence(field), element: startOfElement(elementOf(field)) };
}

/** As it was left, or as it starts. A draft that was kept for another kind of field counts for nothing. */
export function fieldDraft(draft: MessageDraft, field: FieldInfo): FieldDraft {
  const start = startOfField(field);
  const kept = Object.hasOwn(draft, field.name) ? draft[field.name] : undefined;
  if (kept === undefined || kept.kind !== start.kind) return start;
  if (kept.kind === "single" && start.kind === "single" && kept.element.kind !== start.element.kind)
    return start;
  return kept;
}

/** Of the members of a oneof at most one is there: whoever comes makes the others go. */
export function withField(
  draft: MessageDraft,
  fields: readonly FieldInfo[],
  change: { readonly field: FieldInfo; readonly to: FieldDraft },
): MessageDraft {
  const next: Record<string, FieldDraft> = { ...draft, [change.field.name]: change.to };
  const { oneof } = change.field;
  if (oneof === undefined || change.to.kind !== "single" || !change.to.isPresent) return next;
  for (const other of fields) {
    if (other.oneof !== oneof || other === change.field) continue;
    const left = fieldDraft(draft, other);
    if (left.kind === "single") next[other.name] = { ...left, isPresent: false };
  }
  return next;
}

/** A field of any message, as reflection sees it. */
import { ScalarType, type FieldInfo, type LongType } from "@protobuf-ts/runtime";
import { HELP_OPTION } from "@lattice/api/reflecting";
import type { Message, MessageType } from "../data/store-methods.ts";

/** One value of a field, without its repetition: also the keys and values of a map. */
export type Element =
  | { readonly kind: "scalar"; readonly T: ScalarType; readonly L?: LongType }
  | { readonly kind: "enum"; readonly T: () => EnumType }
  | { readonly kind: "message"; readonly T: () => MessageType };

type EnumType = readonly [string, Readonly<Record<string, string | number>>, string?];

export function elementOf(field: FieldInfo): Element {
  return field.kind === "map" ? field.V : field;
}

export function keyElementOf(field: FieldInfo & { kind: "map" }): Element {
  return { kind: "scalar", T: field.K };
}

export function isRepeated(field: FieldInfo): boolean {
  return field.kind !== "map" && field.repeat !== 0;
}

/** Whether absence differs from the default: `optional`, a single message, a member of a oneof. */
export function hasPresence(field: FieldInfo): boolean {
  if (field.kind === "map" || isRepeated(field)) return false;
  return field.kind === "message" || field.opt || field.oneof !== undefined;
}

interface OneofGroup {
  readonly oneofKind: string | undefined;
  readonly [name: string]: unknown;
}

/** Undefined only where a field with presence is absent. */
export function valueOf(message: Message, field: FieldInfo): unknown {
  if (field.oneof === undefined) return message[field.localName];
  const group = message[field.oneof] as OneofGroup | undefined;
  return group?.oneofKind === field.localName ? group[field.localName] : undefined;
}

export function setValue(message: Message, field: FieldInfo, value: unknown): void {
  if (field.oneof === undefined) message[field.localName] = value;
  else message[field.oneof] = { oneofKind: field.localName, [field.localName]: value };
}

/** The names and numbers of an enum, in the order of their declaration. */
export function enumValues(element: Element & { kind: "enum" }): readonly (readonly [string, number])[] {
  return Object.entries(element.T()[1]).flatMap(([name, number]) =>
    typeof number === "number" ? [[name, number] as const] : [],
  );
}

export function enumName(element: Element & { kind: "enum" }, number: number): string {
  return enumValues(element).find(([, value]) => value === number)?.[0] ?? String(number);
}

export function isBytes(element: Element): boolean {
  return element.kind === "scalar" && element.T === ScalarType.BYTES;
}

const LONG_TYPES: ReadonlySet<ScalarType> = new Set([
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
  ScalarType.SINT64,
]);

export function isLong(type: ScalarType): boolean {
  return LONG_TYPES.has(type);
}

/** `intention_count` as `intention count`. */
export function labelOf(field: FieldInfo): string {
  const name = timeFormOf(field) === "ms" ? field.name.replace(/_ms$/, "") : field.name;
  return name.replaceAll("_", " ");
}

const ID_WORDS = /(^|_)(authors?|condition|digest|fingerprint|hash(es)?|ids?|inviter?|peers?|prev|sum)$/;
const ID_NAMES: ReadonlySet<string> = new Set(["public_key", "used_by", "supersedes"]);

/** Bytes that name something: shown in hex, and shortened. The protos of stores keep to such names. */
export function isIdField(field: FieldInfo): boolean {
  return isBytes(elementOf(field)) && (ID_NAMES.has(field.name) || ID_WORDS.test(field.name));
}

/** How a number tells a time: milliseconds since 1970, or a hybrid logical clock. */
export function timeFormOf(field: FieldInfo): "ms" | "hlc" | undefined {
  if (field.kind !== "scalar" || !isLong(field.T)) return undefined;
  if (field.name === "timestamp") return "hlc";
  return field.name.endsWith("_ms") && !/(^|_)(in|timeout|duration|for)_ms$/.test(field.name)
    ? "ms"
    : undefined;
}

/** What the `.proto` says of the field, in one line. */
export function helpOf(field: FieldInfo): string {
  const help = field.options?.[HELP_OPTION];
  return typeof help === "string" ? help : "";
}

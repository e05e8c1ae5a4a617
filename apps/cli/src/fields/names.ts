/**
 * What a field's name says about its value. The protos of this project keep to these names, so that every surface can
 * show a store type that it has never seen.
 */
import { ScalarType, type FieldInfo } from "@protobuf-ts/runtime";
import { isBytes, isLong, type ElementInfo } from "./message.ts";

const ID_WORDS: ReadonlySet<string> = new Set([
  "author",
  "authors",
  "condition",
  "digest",
  "fingerprint",
  "hash",
  "hashes",
  "id",
  "ids",
  "invite",
  "inviter",
  "peer",
  "peers",
  "prev",
  "sum",
]);
const ID_NAMES: ReadonlySet<string> = new Set(["public_key", "used_by", "supersedes"]);

/** Bytes that name something: shown in hex, and shortened where a person reads. */
export function isIdField(field: FieldInfo): boolean {
  return isBytes(field) && (ID_NAMES.has(field.name) || ID_WORDS.has(lastWord(field.name)));
}

/** Bytes that only lead on to the next page, or back into a stream. */
export function isTokenField(field: FieldInfo): boolean {
  return isBytes(field) && ["next", "cursor", "resume"].includes(field.name);
}

export type TimeForm = "ms" | "hlc";

/** How a number tells a time: milliseconds since 1970, or a hybrid logical clock. */
export function timeFormOf(field: FieldInfo): TimeForm | undefined {
  if (field.kind !== "scalar" || !(isLong(field.T) || field.T === ScalarType.DOUBLE)) return undefined;
  if (field.name === "timestamp") return "hlc";
  return field.name.endsWith("_ms") && !/(^|_)(in|timeout|duration|for)_ms$/.test(field.name)
    ? "ms"
    : undefined;
}

/** A field's name as a person reads it: what tells the form of its value only helps a program. */
export function labelOf(field: FieldInfo): string {
  const name = kebabCase(field.name);
  return timeFormOf(field) === "ms" ? name.slice(0, -"-ms".length) : name;
}

function lastWord(name: string): string {
  return name.slice(name.lastIndexOf("_") + 1);
}

/** `CompareAndSet`, `compareAndSet` and `compare_and_set` as `compare-and-set`. */
export function kebabCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1-$2")
    .replaceAll("_", "-")
    .toLowerCase();
}

/** Names and numbers of an enum without what all its names start with. */
export function enumNames(element: ElementInfo & { kind: "enum" }): ReadonlyMap<string, number> {
  const [typeName, values] = element.T();
  const prefix = `${kebabCase(typeName.slice(typeName.lastIndexOf(".") + 1))}-`;
  const names = new Map<string, number>();
  for (const [name, number] of Object.entries(values)) {
    if (typeof number !== "number") continue;
    const kebab = kebabCase(name);
    names.set(kebab.startsWith(prefix) ? kebab.slice(prefix.length) : kebab, number);
  }
  return names;
}

/** The name of a value; its number where the enum has none for it. */
export function enumName(element: ElementInfo & { kind: "enum" }, value: number): string {
  for (const [name, number] of enumNames(element)) if (number === value) return name;
  return String(value);
}

/** What a person may write for a field. */
export function fieldSpellings(field: FieldInfo): readonly string[] {
  return [field.name, kebabCase(field.name), field.localName, field.jsonName];
}

export function isNamedOnly(field: FieldInfo): boolean {
  return field.options?.["lattice.options.v1.named"] === true;
}

export function helpOf(field: FieldInfo): string {
  const help = field.options?.["lattice.options.v1.help"];
  return typeof help === "string" ? help : "";
}

/** Where values that exist are found, as options.proto tells; undefined where nothing says. */
export function valuesOptionOf(field: FieldInfo): string | undefined {
  const values = field.options?.["lattice.options.v1.values"];
  return typeof values === "string" ? values : undefined;
}

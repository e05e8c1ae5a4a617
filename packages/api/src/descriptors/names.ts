/** Where protobuf's names and those of protobuf-ts differ: the rules by which one gives the other. */
import { lowerCamelCase } from "@protobuf-ts/runtime";

/** What protobuf-ts appends to a name that JavaScript, or protobuf-ts itself, has taken. */
const ESCAPE = "$";
const RESERVED_FIELD_NAMES: ReadonlySet<string> = new Set(["__proto__", "toString", "oneofKind"]);
const RESERVED_METHOD_NAMES: ReadonlySet<string> = new Set([
  ...[
    "__proto__",
    "toString",
    "name",
    "constructor",
    "methods",
    "typeName",
    "options",
    "_transport",
    "close",
  ],
  ...["getChannel", "waitForReady", "makeUnaryRequest", "makeClientStreamRequest", "makeServerStreamRequest"],
  "makeBidiStreamRequest",
]);

/** The name of a field, or of a oneof, in code. */
export function localFieldName(name: string): string {
  return escaped(lowerCamelCase(name), RESERVED_FIELD_NAMES);
}

export function localMethodName(name: string): string {
  return escaped(lowerCamelCase(name), RESERVED_METHOD_NAMES);
}

function escaped(name: string, reserved: ReadonlySet<string>): string {
  return reserved.has(name) ? name + ESCAPE : name;
}

export function isEscaped(name: string): boolean {
  return name.endsWith(ESCAPE);
}

/** A name of which `localFieldName` gives `local`; protobuf-ts does not keep what a oneof was called. */
export function oneofNameOf(local: string): string {
  const camel = isEscaped(local) ? local.slice(0, -ESCAPE.length) : local;
  const snake = camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return localFieldName(snake) === local ? snake : camel;
}

/** As protoc calls the message of a map field's entries. */
export function mapEntryName(fieldName: string): string {
  const camel = fieldName.replace(/_+([^_])/g, (_, letter: string) => letter.toUpperCase()).replace(/_/g, "");
  return `${camel.charAt(0).toUpperCase()}${camel.slice(1)}Entry`;
}

function enumPrefix(enumName: string): string {
  return `${enumName
    .replace(/[A-Z]/g, (letter) => `_${letter}`)
    .replace(/^_/, "")
    .toUpperCase()}_`;
}

/** The prefix that protobuf-ts takes off the names of an enum's values; undefined where it leaves them. */
export function sharedEnumPrefix(enumName: string, valueNames: readonly string[]): string | undefined {
  const prefix = enumPrefix(enumName);
  const isShared = valueNames.every(
    (name) => name.startsWith(prefix) && /^[A-Z].+/.test(name.slice(prefix.length)),
  );
  return isShared ? prefix : undefined;
}

/** The value that protobuf-ts adds to an enum without a zero. Its own name for it is none that protobuf allows. */
export function addedZeroName(enumName: string): string {
  return `${enumPrefix(enumName)}UNSPECIFIED`;
}

export function simpleName(fullName: string): string {
  return fullName.slice(fullName.lastIndexOf(".") + 1);
}

export function parentName(fullName: string): string {
  return fullName.slice(0, Math.max(0, fullName.lastIndexOf(".")));
}

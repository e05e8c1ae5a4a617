/** A message as reflection sees it: its fields, and their values whatever they are. */
import { LongType, ScalarType, type FieldInfo, type IMessageType } from "@protobuf-ts/runtime";

export type Message = Readonly<Record<string, unknown>>;
export type MessageType = IMessageType<Record<string, unknown>>;

/** One value of a field, without its repetition: also the values of a map. */
export type ElementInfo =
  | { readonly kind: "scalar"; readonly T: ScalarType; readonly L?: LongType }
  | { readonly kind: "enum"; readonly T: () => EnumType }
  | { readonly kind: "message"; readonly T: () => MessageType };

type EnumType = readonly [string, Readonly<Record<string, string | number>>, string?];

export function isRepeated(field: FieldInfo): boolean {
  return field.kind !== "map" && field.repeat !== 0;
}

/** Whether absence differs from the default: `optional`, a single message, a member of a oneof. */
export function hasPresence(field: FieldInfo): boolean {
  if (field.kind === "map" || isRepeated(field)) return false;
  return field.kind === "message" || field.opt || field.oneof !== undefined;
}

/** A bool that is a remark on the rest of the message, not data of its own. */
export function isMark(field: FieldInfo): boolean {
  return isBool(field) && !isRepeated(field) && !hasPresence(field);
}

export function isBool(field: FieldInfo): boolean {
  return field.kind === "scalar" && field.T === ScalarType.BOOL;
}

export function isBytes(field: FieldInfo): boolean {
  return field.kind === "scalar" && field.T === ScalarType.BYTES;
}

interface OneofGroup {
  readonly oneofKind: string | undefined;
  readonly [name: string]: unknown;
}

/** Undefined only where a field with presence is absent. */
export function valueOf(message: object, field: FieldInfo): unknown {
  if (field.oneof === undefined) return (message as Message)[field.localName];
  const group = (message as Message)[field.oneof] as OneofGroup | undefined;
  return group?.oneofKind === field.localName ? group[field.localName] : undefined;
}

export function setValue(message: Record<string, unknown>, field: FieldInfo, value: unknown): void {
  if (field.oneof === undefined) {
    message[field.localName] = value;
  } else {
    message[field.oneof] = { oneofKind: field.localName, [field.localName]: value };
  }
}

/** Which member of a oneof is set already. */
export function oneofMember(message: object, field: FieldInfo): string | undefined {
  if (field.oneof === undefined) return undefined;
  return ((message as Message)[field.oneof] as OneofGroup | undefined)?.oneofKind;
}

/** Whether there is anything to show: absent fields, defaults and empty lists are not. */
export function isPopulated(message: object, field: FieldInfo): boolean {
  const value = valueOf(message, field);
  if (value === undefined || value === null) return false;
  if (hasPresence(field)) return true;
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length > 0;
  if (typeof value === "object") return Object.keys(value).length > 0;
  // -0 is not what absence stands for.
  return !["", false, 0, 0n, "0"].some((nothing) => Object.is(value, nothing));
}

export function elementOf(field: FieldInfo): ElementInfo {
  return field.kind === "map" ? field.V : field;
}

export function isLong(type: ScalarType): boolean {
  return LONG_TYPES.has(type);
}

const LONG_TYPES: ReadonlySet<ScalarType> = new Set([
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
  ScalarType.SINT64,
]);

/** A 64-bit number in the form that the message's code expects. */
export function longValue(value: bigint, form: LongType | undefined): bigint | string | number {
  if (form === LongType.BIGINT) return value;
  return form === LongType.NUMBER ? Number(value) : value.toString();
}

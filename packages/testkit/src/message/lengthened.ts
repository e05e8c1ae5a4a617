/** Messages with more in them than anybody expects. */
import { ScalarType, type FieldInfo, type IMessageType } from "@protobuf-ts/runtime";

type Fields = Readonly<Record<string, unknown>>;

/** Copies of a message with a text or byte string of so many bytes: each of them in turn, then more and more at once. */
export function lengthened(type: IMessageType<any>, message: object, bytes: number): readonly object[] {
  const single = withOneLong(type, message, bytes);
  const several: object[] = [];
  for (const index of single.keys())
    several.push(withOneLong(type, several.at(-1) ?? message, bytes)[index]!);
  return [...single, ...several.slice(1)];
}

function withOneLong(type: IMessageType<any>, message: object, bytes: number): readonly object[] {
  return type.fields.flatMap((field) => {
    const { localName, oneof } = field;
    const holder = (oneof === undefined ? message : (message as Fields)[oneof]) as Fields;
    if (oneof !== undefined && holder["oneofKind"] !== localName) return [];
    return longInstead(field, holder[localName], bytes).map((value) => {
      const held = { ...holder, [localName]: value };
      return oneof === undefined ? held : { ...message, [oneof]: held };
    });
  });
}

/** Of a list, its first item. */
function longInstead(field: FieldInfo, value: unknown, bytes: number): readonly unknown[] {
  if (!Array.isArray(value)) return longValues(field, value, bytes);
  const [first, ...others] = value as readonly unknown[];
  return longValues(field, first, bytes).map((long) => [long, ...others]);
}

function longValues(field: FieldInfo, value: unknown, bytes: number): readonly unknown[] {
  if (field.kind === "message") {
    return typeof value === "object" && value !== null ? withOneLong(field.T(), value, bytes) : [];
  }
  if (field.kind !== "scalar") return [];
  if (field.T === ScalarType.STRING) return ["x".repeat(bytes)];
  return field.T === ScalarType.BYTES ? [new Uint8Array(bytes).fill(0x78)] : [];
}

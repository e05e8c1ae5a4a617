/**
 * The options of `lattice/options/v1/options.proto` in a descriptor: extension fields of the option messages, which
 * protobuf-ts keeps as unknown fields. In its reflection they stand under their full names.
 */
import {
  BinaryReader,
  BinaryWriter,
  UnknownFieldHandler,
  WireType,
  type JsonValue,
} from "@protobuf-ts/runtime";

export const SUMMARY_OPTION = "lattice.options.v1.summary";
export const HELP_OPTION = "lattice.options.v1.help";
export const NAMED_OPTION = "lattice.options.v1.named";
export const VALUES_OPTION = "lattice.options.v1.values";

interface CustomOption {
  readonly no: number;
  readonly name: string;
  readonly type: "string" | "bool";
}

/** Of `google.protobuf.MethodOptions`. */
export const METHOD_OPTIONS: readonly CustomOption[] = [{ no: 50001, name: SUMMARY_OPTION, type: "string" }];
/** Of `google.protobuf.FieldOptions`. */
export const FIELD_OPTIONS: readonly CustomOption[] = [
  { no: 50001, name: HELP_OPTION, type: "string" },
  { no: 50002, name: NAMED_OPTION, type: "bool" },
  { no: 50003, name: VALUES_OPTION, type: "string" },
];

type OptionValues = Record<string, JsonValue>;

/** Asks for `target` only where there is something to write. A copy of the target made by protobuf-ts loses it. */
export function writeOptions(
  target: () => object,
  known: readonly CustomOption[],
  values: OptionValues = {},
): void {
  for (const { no, name, type } of known) {
    const value = values[name];
    if (typeof value === "string" && type === "string") {
      addUnknown(target(), no, WireType.LengthDelimited, new BinaryWriter().string(value).finish());
    } else if (typeof value === "boolean" && type === "bool") {
      addUnknown(target(), no, WireType.Varint, new BinaryWriter().bool(value).finish());
    }
  }
}

/** A field of another wire type is somebody else's option of the same number, and left out. */
export function readOptions(
  source: object | undefined,
  known: readonly CustomOption[],
): OptionValues | undefined {
  if (source === undefined) return undefined;
  const values: Record<string, JsonValue> = {};
  for (const { no, name, type } of known) {
    const field = UnknownFieldHandler.last(source, no);
    if (field?.wireType === WireType.LengthDelimited && type === "string") {
      values[name] = new BinaryReader(field.data).string();
    } else if (field?.wireType === WireType.Varint && type === "bool") {
      values[name] = new BinaryReader(field.data).bool();
    }
  }
  return Object.keys(values).length > 0 ? values : undefined;
}

function addUnknown(target: object, no: number, wireType: WireType, data: Uint8Array): void {
  UnknownFieldHandler.onRead("", target, no, wireType, data);
}

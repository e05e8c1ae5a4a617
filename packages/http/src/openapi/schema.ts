/** From the reflection of messages to the schemas of their JSON form, as protobuf defines that. */
import { HELP_OPTION } from "@lattice/api";
import {
  MessageType,
  RepeatType,
  ScalarType,
  listEnumNumbers,
  type EnumInfo,
  type FieldInfo,
  type IMessageType,
} from "@protobuf-ts/runtime";

/** Of JSON Schema 2020-12, which OpenAPI 3.1 takes over. */
export type Schema = Readonly<Record<string, unknown>>;

/** Collects what the schemas that were asked for refer to. */
export class Schemas {
  readonly #schemas = new Map<string, Schema>();

  /** By full name, sorted. */
  all(): Record<string, Schema> {
    return Object.fromEntries([...this.#schemas].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  refer(type: IMessageType<object>): Schema {
    const { typeName } = type;
    if (!this.#schemas.has(typeName)) {
      // First: a message may hold others of its own type.
      this.#schemas.set(typeName, {});
      this.#schemas.set(typeName, this.#message(type));
    }
    return { $ref: `#/components/schemas/${typeName}` };
  }

  #message(type: IMessageType<object>): Schema {
    // Types such as google.protobuf.Timestamp have a form of their own.
    if (type.internalJsonWrite !== MessageType.prototype.internalJsonWrite) {
      return { description: `${type.typeName}, in its JSON form.` };
    }
    const properties = type.fields.map((field) => [field.jsonName, this.#field(field)] as const);
    return { type: "object", title: type.typeName, properties: Object.fromEntries(properties) };
  }

  #field(field: FieldInfo): Schema {
    const help = field.options?.[HELP_OPTION];
    const schema = this.#fieldSchema(field);
    const oneof = field.oneof === undefined ? "" : `Only one of the fields of "${field.oneof}" is there.`;
    const description = [typeof help === "string" ? help : "", oneof].filter(Boolean).join(" ");
    return description === "" ? schema : { ...schema, description };
  }

  #fieldSchema(field: FieldInfo): Schema {
    if (field.kind === "map") return { type: "object", additionalProperties: this.#value(field.V) };
    const value = this.#value(field);
    if (field.repeat !== RepeatType.NO) return { type: "array", items: value };
    const isNullable = field.kind === "message" && field.oneof === undefined;
    return isNullable ? { anyOf: [value, { type: "null" }] } : value;
  }

  #value(value: ValueInfo): Schema {
    switch (value.kind) {
      case "scalar":
        return scalarSchema(value.T);
      case "enum":
        return enumSchema(value.T());
      case "message":
        return this.refer(value.T());
    }
  }
}

type ValueInfo =
  | { readonly kind: "scalar"; readonly T: ScalarType }
  | { readonly kind: "enum"; readonly T: () => EnumInfo }
  | { readonly kind: "message"; readonly T: () => IMessageType<object> };

function scalarSchema(type: ScalarType): Schema {
  switch (type) {
    case ScalarType.STRING:
      return { type: "string" };
    case ScalarType.BOOL:
      return { type: "boolean" };
    case ScalarType.BYTES:
      return { type: "string", contentEncoding: "base64" };
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return { anyOf: [{ type: "number" }, { enum: ["NaN", "Infinity", "-Infinity"] }] };
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return { type: "integer", minimum: -(2 ** 31), maximum: 2 ** 31 - 1 };
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return { type: "integer", minimum: 0, maximum: 2 ** 32 - 1 };
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return { type: "string", pattern: "^[0-9]+$", format: "uint64" };
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return { type: "string", pattern: "^-?[0-9]+$", format: "int64" };
  }
}

/** A number stands for a value that is younger than this description. */
function enumSchema([, values, prefix = ""]: EnumInfo): Schema {
  const names = listEnumNumbers(values).map((number) => `${prefix}${String(values[number])}`);
  return { anyOf: [{ type: "string", enum: [...new Set(names)] }, { type: "integer" }] };
}

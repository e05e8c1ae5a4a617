/** Reads the reflection of protobuf-ts: as plain data to compare, and as a recipe for random messages. */
import fc from "fast-check";
import {
  LongType,
  RepeatType,
  ScalarType,
  listEnumNumbers,
  type EnumInfo,
  type FieldInfo,
  type IMessageType,
} from "@protobuf-ts/runtime";
import type { ServiceInfo } from "@protobuf-ts/runtime-rpc";

/** All that a service says, types by name. */
export function shapeOf({ typeName, methods }: ServiceInfo): object {
  const messages = new Map<string, object>();
  const open = methods.flatMap(({ I, O }) => [I, O]);
  const enumShape = ([name, values, prefix]: EnumInfo): object => ({ name, values: { ...values }, prefix });
  const valueShape = (value: FieldInfo | (FieldInfo & { kind: "map" })["V"]): object => {
    if (value.kind === "message") {
      open.push(value.T());
      return { message: value.T().typeName };
    }
    if (value.kind === "enum") return { enum: enumShape(value.T()) };
    return value.kind === "map"
      ? { K: value.K, V: valueShape(value.V) }
      : { T: value.T, L: value.L ?? LongType.STRING };
  };
  for (let type = open.pop(); type !== undefined; type = open.pop()) {
    if (messages.has(type.typeName)) continue;
    messages.set(type.typeName, {});
    const fields = type.fields.map(
      ({ no, name, localName, jsonName, oneof, repeat, opt, options, ...rest }) => ({
        ...{ no, name, localName, jsonName, oneof, repeat, opt, options },
        type: valueShape(rest as FieldInfo),
      }),
    );
    messages.set(type.typeName, fields);
  }
  return {
    typeName,
    methods: methods.map(({ I, O, service: _, ...rest }) => ({ ...rest, I: I.typeName, O: O.typeName })),
    messages: Object.fromEntries(messages),
  };
}

/** Any message of a type, to a depth. */
export function messageArbitrary(type: IMessageType<object>, depth = 3): fc.Arbitrary<object> {
  const plain: Record<string, fc.Arbitrary<unknown>> = {};
  const oneofs = new Map<string, fc.Arbitrary<object>[]>();
  for (const field of type.fields) {
    if (field.kind !== "map" && field.oneof !== undefined) {
      const some = oneofs.get(field.oneof) ?? [fc.constant({ oneofKind: undefined })];
      oneofs.set(field.oneof, some);
      const member = (value: unknown): object => ({ oneofKind: field.localName, [field.localName]: value });
      if (!isTooDeep(field, depth)) some.push(valueArbitrary(field, depth).map(member));
    } else if (!isTooDeep(field, depth)) {
      plain[field.localName] = fieldArbitrary(field, depth);
    }
  }
  for (const [name, some] of oneofs) plain[name] = fc.oneof(...some);
  return fc.record(plain).map((value) => type.create(value));
}

function isTooDeep(field: FieldInfo, depth: number): boolean {
  return depth === 0 && (field.kind === "map" ? field.V.kind : field.kind) === "message";
}

function fieldArbitrary(field: FieldInfo, depth: number): fc.Arbitrary<unknown> {
  if (field.kind === "map")
    return fc.dictionary(keyArbitrary(field.K), valueArbitrary(field.V, depth), { maxKeys: 3 });
  const value = valueArbitrary(field, depth);
  if (field.repeat !== RepeatType.NO) return fc.array(value, { maxLength: 3 });
  return field.opt ? fc.option(value, { nil: undefined }) : value;
}

type ValueInfo = Exclude<FieldInfo, { kind: "map" }> | (FieldInfo & { kind: "map" })["V"];

function valueArbitrary(value: ValueInfo, depth: number): fc.Arbitrary<unknown> {
  if (value.kind === "message") return messageArbitrary(value.T(), depth - 1);
  if (value.kind === "enum") return fc.constantFrom(...listEnumNumbers(value.T()[1]), 99);
  return scalarArbitrary(value.T, value.L);
}

function keyArbitrary(type: ScalarType): fc.Arbitrary<string> {
  const text = type === ScalarType.STRING ? fc.string() : scalarArbitrary(type, LongType.BIGINT).map(String);
  return text.filter((key) => key !== "__proto__");
}

const SIGNED_32 = fc.integer();
const UNSIGNED_32 = fc.nat({ max: 2 ** 32 - 1 });
const SIGNED_64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const UNSIGNED_64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

function scalarArbitrary(type: ScalarType, long: LongType = LongType.STRING): fc.Arbitrary<unknown> {
  switch (type) {
    case ScalarType.DOUBLE:
      return fc.double();
    case ScalarType.FLOAT:
      return fc.float();
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.STRING:
      return fc.string({ unit: "binary" });
    case ScalarType.BYTES:
      return fc.uint8Array();
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return SIGNED_32;
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return UNSIGNED_32;
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return asLong(SIGNED_64, long);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return asLong(UNSIGNED_64, long);
  }
}

function asLong(values: fc.Arbitrary<bigint>, long: LongType): fc.Arbitrary<unknown> {
  if (long === LongType.BIGINT) return values;
  return long === LongType.STRING ? values.map(String) : fc.nat();
}

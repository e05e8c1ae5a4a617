/**
 * From descriptors to message types and services of protobuf-ts, at run time: how a node's client calls a store whose
 * type it was not built with.
 *
 * The descriptors come from another process and are not trusted. What is wrong with a service, or with a type that it
 * reaches, shows as a `LatticeError` when the service is asked for, never later; what it does not reach is not looked
 * at. Work and memory are bounded by the size of the descriptors.
 */
import {
  LongType,
  MessageType,
  RepeatType,
  ScalarType,
  lowerCamelCase,
  type EnumInfo,
  type IMessageType,
  type PartialFieldInfo,
} from "@protobuf-ts/runtime";
import { ServiceType, type PartialMethodInfo, type ServiceInfo } from "@protobuf-ts/runtime-rpc";
import { LatticeError } from "@lattice/model/errors";
import { descriptor } from "@lattice/proto";
import { oneLine } from "../call-error.ts";
import { DESCRIPTORS_BYTES_MAX } from "../limits.ts";
import { FIELD_OPTIONS, METHOD_OPTIONS, readOptions } from "./custom-options.ts";
import { localFieldName, localMethodName, sharedEnumPrefix, simpleName } from "./names.ts";

const { FieldDescriptorProto_Label: Label, FieldDescriptorProto_Type: Type } = descriptor;
const FIELD_NO_MAX = (1 << 29) - 1;

export interface MessageTypes {
  /** By full name. Throws `not-found`, or `invalid-argument` for one that is not described as it should be. */
  service(name: string): ServiceInfo;
}

/** Takes a `google.protobuf.FileDescriptorSet`. Throws `invalid-argument`, `too-large`. */
export function messageTypesOf(descriptors: Uint8Array): MessageTypes {
  if (descriptors.length > DESCRIPTORS_BYTES_MAX) {
    throw new LatticeError(
      "too-large",
      `descriptors of ${descriptors.length} bytes; at most ${DESCRIPTORS_BYTES_MAX}`,
    );
  }
  const index = orMalformed(() => indexOf(descriptor.FileDescriptorSet.fromBinary(descriptors)));
  const services = new Map<string, ServiceInfo>();
  return {
    service(name) {
      // A builder for each, so that one that failed leaves nothing behind.
      const service = services.get(name) ?? orMalformed(() => new TypeBuilder(index).service(name));
      services.set(name, service);
      return service;
    },
  };
}

type Syntax = "proto2" | "proto3" | "unknown";

type Described =
  | { readonly kind: "message"; readonly proto: descriptor.DescriptorProto; readonly syntax: Syntax }
  | { readonly kind: "enum"; readonly proto: descriptor.EnumDescriptorProto }
  | { readonly kind: "service"; readonly proto: descriptor.ServiceDescriptorProto };

/** By full name. */
type Index = ReadonlyMap<string, Described>;

function indexOf(set: descriptor.FileDescriptorSet): Index {
  const index = new Map<string, Described>();
  const add = (scope: string, name: string | undefined, described: Described): string => {
    const fullName = [scope, checkedName(name)].filter((part) => part !== "").join(".");
    if (index.has(fullName)) throw malformed(`${fullName} is there twice`);
    index.set(fullName, described);
    return fullName;
  };
  for (const file of set.file) {
    const scope = file.package ?? "";
    if (scope !== "") scope.split(".").forEach(checkedName);
    const syntax = syntaxOf(file);
    for (const proto of file.service) add(scope, proto.name, { kind: "service", proto });
    for (const proto of file.enumType) add(scope, proto.name, { kind: "enum", proto });
    // Not recursive: nothing limits how deep types nest.
    const open = file.messageType.map((proto) => ({ scope, proto }));
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const inner = add(next.scope, next.proto.name, { kind: "message", proto: next.proto, syntax });
      for (const proto of next.proto.enumType) add(inner, proto.name, { kind: "enum", proto });
      for (const proto of next.proto.nestedType) open.push({ scope: inner, proto });
    }
  }
  return index;
}

class TypeBuilder {
  readonly #index: Index;
  readonly #messages = new Map<string, IMessageType<any>>();
  readonly #enums = new Map<string, EnumInfo>();
  /** Messages that a built one refers to and that may not be built yet. */
  readonly #wanted: string[] = [];

  constructor(index: Index) {
    this.#index = index;
  }

  service(name: string): ServiceInfo {
    const found = this.#index.get(name);
    if (found?.kind !== "service")
      throw new LatticeError("not-found", `the descriptors have no service ${name}`);
    const methods = found.proto.method.map((method) => this.#method(method));
    checkUnique(
      name,
      methods.map((method) => method.localName!),
    );
    for (let wanted = this.#wanted.pop(); wanted !== undefined; wanted = this.#wanted.pop())
      this.#message(wanted);
    return new ServiceType(name, methods);
  }

  #method(proto: descriptor.MethodDescriptorProto): PartialMethodInfo {
    const name = checkedName(proto.name);
    const level = descriptor.MethodOptions_IdempotencyLevel[proto.options?.idempotencyLevel ?? 0];
    const options = readOptions(proto.options, METHOD_OPTIONS);
    return {
      name,
      localName: localMethodName(name),
      I: this.#message(referenced(proto.inputType)),
      O: this.#message(referenced(proto.outputType)),
      serverStreaming: proto.serverStreaming === true,
      clientStreaming: proto.clientStreaming === true,
      ...(level === "IDEMPOTENT" || level === "NO_SIDE_EFFECTS" ? { idempotency: level } : {}),
      ...(options === undefined ? {} : { options }),
    };
  }

  #message(fullName: string): IMessageType<any> {
    const known = this.#messages.get(fullName);
    if (known !== undefined) return known;
    const { proto, syntax } = this.#described(fullName, "message");
    if (proto.options?.mapEntry === true)
      throw malformed(`${fullName} is an entry of a map, and used without it`);
    if (syntax === "unknown") throw new LatticeError("unimplemented", `${fullName} is written in an edition`);
    const fields = proto.field.map((field) => this.#field(new FieldSource(fullName, proto, field, syntax)));
    checkUnique(
      fullName,
      proto.field.map((field) => String(field.number)),
    );
    const oneofs = new Set(fields.flatMap(({ oneof }) => (oneof === undefined ? [] : [oneof])));
    checkUnique(fullName, [...fields.map((field) => field.localName!), ...oneofs]);
    const type = new MessageType<any>(fullName, fields);
    this.#messages.set(fullName, type);
    return type;
  }

  #field(source: FieldSource): PartialFieldInfo {
    const { proto } = source;
    const name = checkedName(proto.name);
    const no = proto.number ?? 0;
    if (no < 1 || no > FIELD_NO_MAX) throw malformed(`${source.fullName} has number ${no}`);
    const options = readOptions(proto.options, FIELD_OPTIONS);
    const entry = this.#mapEntry(source);
    const info = {
      no,
      name,
      localName: localFieldName(name),
      jsonName: checkedJsonName(proto.jsonName ?? lowerCamelCase(name)),
      ...(options === undefined ? {} : { options }),
    };
    // The parts fit together as the rules of protobuf-ts ask; that is what the checks are for.
    return { ...info, ...(entry ?? { ...this.#value(source), ...source.presence() }) } as PartialFieldInfo;
  }

  #value({ proto, fullName }: FieldSource): ValueInfo {
    switch (proto.type) {
      case Type.MESSAGE: {
        const reference = referenced(proto.typeName);
        this.#described(reference, "message");
        this.#wanted.push(reference);
        return { kind: "message", T: () => this.#messages.get(reference)! };
      }
      case Type.ENUM: {
        const info = this.#enum(referenced(proto.typeName));
        return { kind: "enum", T: () => info };
      }
      default: {
        const scalar = proto.type as number as ScalarType;
        if (!SCALAR_TYPES.has(scalar)) throw malformed(`${fullName} is of no type that is known`);
        return { kind: "scalar", T: scalar, ...(LONG_TYPES.has(scalar) ? { L: longTypeOf(proto) } : {}) };
      }
    }
  }

  /** Undefined where the field is no map. */
  #mapEntry({ proto, fullName, isRepeated, syntax }: FieldSource): MapInfo | undefined {
    if (proto.type !== Type.MESSAGE) return undefined;
    const reference = referenced(proto.typeName);
    const entry = this.#described(reference, "message").proto;
    if (entry.options?.mapEntry !== true) return undefined;
    const key = entry.field.find((field) => field.number === 1);
    const value = entry.field.find((field) => field.number === 2);
    if (key === undefined || value === undefined || entry.field.length !== 2 || !isRepeated) {
      throw malformed(`${fullName} is no map, as its type says`);
    }
    const K = key.type as number as ScalarType;
    if (!MAP_KEY_TYPES.has(K)) throw malformed(`keys of ${fullName} are of a type that keys cannot have`);
    const V = this.#value(new FieldSource(reference, entry, value, syntax));
    return { kind: "map", K, V };
  }

  #enum(fullName: string): EnumInfo {
    const known = this.#enums.get(fullName);
    if (known !== undefined) return known;
    const { value } = this.#described(fullName, "enum").proto;
    const names = value.map((each) => checkedName(each.name));
    checkUnique(fullName, names);
    const prefix = sharedEnumPrefix(simpleName(fullName), names);
    const values: EnumInfo[1] = {};
    // protobuf-ts wants a zero in every enum, and those of proto2 need not have one.
    if (!value.some((each) => (each.number ?? 0) === 0)) addEnumValue(values, "UNSPECIFIED$", 0);
    for (const [at, each] of value.entries()) {
      addEnumValue(values, names[at]!.slice(prefix?.length ?? 0), each.number ?? 0);
    }
    const info: EnumInfo = prefix === undefined ? [fullName, values] : [fullName, values, prefix];
    this.#enums.set(fullName, info);
    return info;
  }

  #described<Kind extends Described["kind"]>(fullName: string, kind: Kind): Described & { kind: Kind } {
    const found = this.#index.get(fullName);
    if (found?.kind !== kind) throw malformed(`no ${kind} ${fullName}`);
    return found as Described & { kind: Kind };
  }
}

type ValueInfo =
  | { readonly kind: "scalar"; readonly T: ScalarType; readonly L?: LongType }
  | { readonly kind: "enum"; readonly T: () => EnumInfo }
  | { readonly kind: "message"; readonly T: () => IMessageType<any> };

interface MapInfo {
  readonly kind: "map";
  readonly K: ScalarType;
  readonly V: ValueInfo;
}

/** A field in its message. */
class FieldSource {
  readonly fullName: string;
  readonly message: descriptor.DescriptorProto;
  readonly proto: descriptor.FieldDescriptorProto;
  readonly syntax: Syntax;

  constructor(
    messageName: string,
    message: descriptor.DescriptorProto,
    proto: descriptor.FieldDescriptorProto,
    syntax: Syntax,
  ) {
    this.fullName = `${messageName}.${proto.name ?? ""}`;
    this.message = message;
    this.proto = proto;
    this.syntax = syntax;
  }

  get isRepeated(): boolean {
    return this.proto.label === Label.REPEATED;
  }

  presence(): { oneof?: string; repeat?: RepeatType; opt?: true } {
    const { proto } = this;
    const oneof = proto.proto3Optional === true ? undefined : this.#oneof();
    if (this.isRepeated) {
      if (oneof !== undefined || proto.proto3Optional === true)
        throw malformed(`${this.fullName} is repeated in a oneof`);
      return { repeat: this.#isPacked() ? RepeatType.PACKED : RepeatType.UNPACKED };
    }
    if (oneof !== undefined) return { oneof };
    const isOptional =
      proto.proto3Optional === true || (this.syntax === "proto2" && proto.label !== Label.REQUIRED);
    return isOptional || proto.type === Type.MESSAGE ? { opt: true } : {};
  }

  #oneof(): string | undefined {
    const index = this.proto.oneofIndex;
    if (index === undefined) return undefined;
    const oneof = this.message.oneofDecl[index];
    if (oneof === undefined) throw malformed(`${this.fullName} is in a oneof that is not there`);
    return localFieldName(checkedName(oneof.name));
  }

  #isPacked(): boolean {
    if (!isPackable(this.proto.type)) return false;
    return this.proto.options?.packed ?? this.syntax === "proto3";
  }
}

function isPackable(type: descriptor.FieldDescriptorProto_Type | undefined): boolean {
  return type !== Type.MESSAGE && type !== Type.STRING && type !== Type.BYTES;
}

const SCALAR_TYPES: ReadonlySet<ScalarType> = new Set(
  Object.values(ScalarType).filter((value): value is ScalarType => typeof value === "number"),
);
const LONG_TYPES: ReadonlySet<ScalarType> = new Set([
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
  ScalarType.SINT64,
]);
const MAP_KEY_TYPES: ReadonlySet<ScalarType> = new Set(
  [...SCALAR_TYPES].filter((type) => ![ScalarType.FLOAT, ScalarType.DOUBLE, ScalarType.BYTES].includes(type)),
);

function longTypeOf({ options }: descriptor.FieldDescriptorProto): LongType {
  switch (options?.jstype) {
    case descriptor.FieldOptions_JSType.JS_STRING:
      return LongType.STRING;
    case descriptor.FieldOptions_JSType.JS_NUMBER:
      return LongType.NUMBER;
    default:
      return LongType.BIGINT;
  }
}

function addEnumValue(values: EnumInfo[1], name: string, number: number): void {
  values[number] = name;
  values[name] = number;
}

function syntaxOf(file: descriptor.FileDescriptorProto): Syntax {
  if (file.syntax === "proto3") return "proto3";
  return file.syntax === undefined || file.syntax === "" || file.syntax === "proto2" ? "proto2" : "unknown";
}

/** References are absolute in descriptors that a compiler wrote. */
function referenced(typeName: string | undefined): string {
  if (typeName?.startsWith(".") !== true) throw malformed(`"${typeName ?? ""}" is no full name`);
  return typeName.slice(1);
}

/** A name as protobuf has them. Those of every object's properties are kept out of objects that are made of names. */
function checkedName(name: string | undefined): string {
  if (name === undefined || name.length > 256 || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw malformed(`"${name ?? ""}" is no name`);
  }
  if (name === "__proto__" || name === "hasOwnProperty") throw malformed(`"${name}" cannot be a name here`);
  return name;
}

function checkedJsonName(name: string): string {
  if (name === "__proto__") throw malformed(`"${name}" cannot be a name here`);
  return name;
}

function checkUnique(scope: string, names: readonly string[]): void {
  if (new Set(names).size < names.length) throw malformed(`${scope} has two of the same name or number`);
}

function malformed(what: string, cause?: unknown): LatticeError {
  return new LatticeError("invalid-argument", oneLine(`malformed descriptors: ${what}`), { cause });
}

/** Bytes that are no message, text that is no UTF-8, and types nested deeper than the stack goes. */
function orMalformed<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof LatticeError) throw error;
    throw malformed(error instanceof Error ? error.message : String(error), error);
  }
}

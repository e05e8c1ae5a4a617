/**
 * From the reflection of protobuf-ts to the descriptors that every protobuf implementation reads.
 *
 * protobuf-ts forgets which file a type was in, so there is one file for each package, called as the standard layout
 * has it (`lattice/kvstore/v1/kvstore.proto`), in proto3. What else it forgets, and what is put in its place: the names of
 * oneofs (their names in code, in snake case), comments (nothing), parents of nested types that no method reaches (empty
 * messages). Custom options other than those of `lattice.options.v1` are left out.
 */
import {
  LongType,
  RepeatType,
  ScalarType,
  listEnumValues,
  type EnumInfo,
  type FieldInfo,
  type IMessageType,
} from "@protobuf-ts/runtime";
import type { MethodInfo, ServiceInfo } from "@protobuf-ts/runtime-rpc";
import { LatticeError } from "@lattice/model";
import { descriptor } from "@lattice/proto";
import { FIELD_OPTIONS, METHOD_OPTIONS, writeOptions } from "./custom-options.ts";
import { addedZeroName, isEscaped, mapEntryName, oneofNameOf, parentName, simpleName } from "./names.ts";

type FieldProto = descriptor.FieldDescriptorProto;
const { FieldDescriptorProto_Label: Label, FieldDescriptorProto_Type: Type } = descriptor;

/** A `google.protobuf.FileDescriptorSet` of the services and all that they reach, dependencies first. */
export function describeService(...services: readonly ServiceInfo[]): Uint8Array {
  return descriptor.FileDescriptorSet.toBinary({ file: describeFiles(services) });
}

/** Throws `unimplemented` where packages depend on each other in a circle, which one file for each cannot express. */
export function describeFiles(services: readonly ServiceInfo[]): descriptor.FileDescriptorProto[] {
  const reached = reach(services);
  const set = new FileSet(services, reached);
  for (const message of reached.messages.values()) set.addMessage(message);
  for (const info of reached.enums.values()) set.addEnum(info);
  for (const service of new Map(services.map((each) => [each.typeName, each])).values())
    set.addService(service);
  return set.sorted();
}

interface Reached {
  readonly messages: ReadonlyMap<string, IMessageType<any>>;
  readonly enums: ReadonlyMap<string, EnumInfo>;
}

function reach(services: readonly ServiceInfo[]): Reached {
  const messages = new Map<string, IMessageType<any>>();
  const enums = new Map<string, EnumInfo>();
  for (const { I, O } of services.flatMap((service) => service.methods)) {
    messages.set(I.typeName, I);
    messages.set(O.typeName, O);
  }
  // A map gives what is added while it is read.
  for (const message of messages.values()) {
    for (const field of message.fields) {
      const value = field.kind === "map" ? field.V : field;
      if (value.kind === "message") {
        const type = value.T();
        if (!messages.has(type.typeName)) messages.set(type.typeName, type);
      } else if (value.kind === "enum") {
        const info = value.T();
        enums.set(info[0], info);
      }
    }
  }
  return { messages, enums };
}

class FileSet {
  readonly #servicePackages: ReadonlySet<string>;
  readonly #types: Reached;
  readonly #files = new Map<string, descriptor.FileDescriptorProto>();
  readonly #messages = new Map<string, descriptor.DescriptorProto>();

  constructor(services: readonly ServiceInfo[], types: Reached) {
    this.#servicePackages = new Set(services.map((service) => parentName(service.typeName)));
    this.#types = types;
  }

  addMessage({ typeName, fields }: IMessageType<any>): void {
    const message = this.#message(typeName);
    const builder = new MessageBuilder(message, typeName);
    for (const field of fields) {
      const reference = builder.addField(field);
      if (reference !== undefined) this.#depend(typeName, reference);
    }
    builder.finish();
  }

  addEnum(info: EnumInfo): void {
    const fullName = info[0];
    this.#scopeOf(fullName).enumType.push(enumProto(info));
  }

  addService(service: ServiceInfo): void {
    const file = this.#file(parentName(service.typeName));
    const proto = descriptor.ServiceDescriptorProto.create({ name: simpleName(service.typeName) });
    proto.method.push(...service.methods.map(methodProto));
    file.service.push(proto);
    for (const { I, O } of service.methods) {
      for (const { typeName } of [I, O]) dependOn(file, this.#file(this.#packageOf(typeName)));
    }
  }

  /** Dependencies before what depends on them. */
  sorted(): descriptor.FileDescriptorProto[] {
    const byName = new Map([...this.#files.values()].map((file) => [file.name!, file]));
    const out: descriptor.FileDescriptorProto[] = [];
    while (byName.size > 0) {
      const next = [...byName.values()].find((file) => !file.dependency.some((name) => byName.has(name)));
      if (next === undefined) {
        const names = [...byName.keys()].join(", ");
        throw new LatticeError(
          "unimplemented",
          `cannot describe packages that depend on each other: ${names}`,
        );
      }
      byName.delete(next.name!);
      out.push(next);
    }
    return out;
  }

  #message(fullName: string): descriptor.DescriptorProto {
    const existing = this.#messages.get(fullName);
    if (existing !== undefined) return existing;
    const message = descriptor.DescriptorProto.create({ name: simpleName(fullName) });
    this.#messages.set(fullName, message);
    const scope = this.#scopeOf(fullName);
    ("nestedType" in scope ? scope.nestedType : scope.messageType).push(message);
    return message;
  }

  #scopeOf(fullName: string): descriptor.DescriptorProto | descriptor.FileDescriptorProto {
    const parent = parentName(fullName);
    const scope = this.#packageOf(fullName);
    return parent === scope ? this.#file(scope) : this.#message(parent);
  }

  #depend(typeName: string, reference: string): void {
    dependOn(this.#file(this.#packageOf(typeName)), this.#file(this.#packageOf(reference)));
  }

  #file(packageName: string): descriptor.FileDescriptorProto {
    let file = this.#files.get(packageName);
    if (file === undefined) {
      file = descriptor.FileDescriptorProto.create({
        name: fileNameOf(packageName),
        syntax: "proto3",
        ...(packageName === "" ? {} : { package: packageName }),
      });
      this.#files.set(packageName, file);
    }
    return file;
  }

  /**
   * A full name does not tell where its package ends: before the first message in it, or, where that is not known, before
   * the first capital letter, as everybody writes them. What is a package of services is no message.
   */
  #packageOf(typeName: string): string {
    const parts = typeName.split(".");
    const prefix = (count: number): string => parts.slice(0, count).join(".");
    let count = 0;
    for (let at = 1; at < parts.length; at++) if (this.#servicePackages.has(prefix(at))) count = at;
    for (; count < parts.length - 1; count++) {
      if (this.#types.messages.has(prefix(count + 1)) || /^[A-Z]/.test(parts[count]!)) return prefix(count);
    }
    return parentName(typeName);
  }
}

function fileNameOf(packageName: string): string {
  if (packageName === "") return "default.proto";
  const parts = packageName.split(".");
  const named = parts.findLast((part) => !/^v\d/.test(part)) ?? "default";
  return `${parts.join("/")}/${named}.proto`;
}

function dependOn(file: descriptor.FileDescriptorProto, needed: descriptor.FileDescriptorProto): void {
  if (file !== needed && !file.dependency.includes(needed.name!)) file.dependency.push(needed.name!);
}

function methodProto(method: MethodInfo): descriptor.MethodDescriptorProto {
  const proto = descriptor.MethodDescriptorProto.create({
    name: method.name,
    inputType: `.${method.I.typeName}`,
    outputType: `.${method.O.typeName}`,
    ...(method.clientStreaming ? { clientStreaming: true } : {}),
    ...(method.serverStreaming ? { serverStreaming: true } : {}),
  });
  const options = (): descriptor.MethodOptions => (proto.options ??= descriptor.MethodOptions.create());
  const level = method.idempotency;
  if (level !== undefined) options().idempotencyLevel = descriptor.MethodOptions_IdempotencyLevel[level];
  writeOptions(options, METHOD_OPTIONS, method.options);
  return proto;
}

function enumProto([fullName, values, prefix = ""]: EnumInfo): descriptor.EnumDescriptorProto {
  const name = simpleName(fullName);
  const value = listEnumValues(values).map((each) => ({
    name: isEscaped(each.name) ? addedZeroName(name) : prefix + each.name,
    number: each.number,
  }));
  // proto3 wants a zero first; the order of the others is that of the declaration.
  value.sort((a, b) => Number(b.number === 0) - Number(a.number === 0));
  const hasAlias = new Set(value.map((each) => each.number)).size < value.length;
  return descriptor.EnumDescriptorProto.create({
    name,
    value,
    ...(hasAlias ? { options: { allowAlias: true } } : {}),
  });
}

class MessageBuilder {
  readonly #message: descriptor.DescriptorProto;
  readonly #typeName: string;
  readonly #oneofIndex = new Map<string, number>();
  readonly #optional: FieldProto[] = [];

  constructor(message: descriptor.DescriptorProto, typeName: string) {
    this.#message = message;
    this.#typeName = typeName;
  }

  /** The full name of the type that it refers to, if any. */
  addField(field: FieldInfo): string | undefined {
    const proto = descriptor.FieldDescriptorProto.create({
      name: field.name,
      number: field.no,
      jsonName: field.jsonName,
      label: field.kind === "map" || field.repeat !== RepeatType.NO ? Label.REPEATED : Label.OPTIONAL,
    });
    const value = field.kind === "map" ? this.#addMapEntry(proto, field) : field;
    if (field.kind !== "map") setType(proto, field);
    if (field.oneof !== undefined) proto.oneofIndex = this.#oneof(field.oneof);
    if (field.opt && (field.kind === "scalar" || field.kind === "enum")) this.#optional.push(proto);
    setFieldOptions(proto, field);
    this.#message.field.push(proto);
    if (value.kind === "message") return value.T().typeName;
    return value.kind === "enum" ? value.T()[0] : undefined;
  }

  /** proto3 puts each optional field into a oneof of its own, behind all real ones. */
  finish(): void {
    const taken = new Set([...this.#message.field, ...this.#message.oneofDecl].map((each) => each.name));
    for (const field of this.#optional) {
      let name = `_${field.name!}`;
      while (taken.has(name)) name = `X${name}`;
      taken.add(name);
      field.proto3Optional = true;
      field.oneofIndex = this.#message.oneofDecl.push(descriptor.OneofDescriptorProto.create({ name })) - 1;
    }
  }

  #oneof(local: string): number {
    let index = this.#oneofIndex.get(local);
    if (index === undefined) {
      const oneof = descriptor.OneofDescriptorProto.create({ name: oneofNameOf(local) });
      index = this.#message.oneofDecl.push(oneof) - 1;
      this.#oneofIndex.set(local, index);
    }
    return index;
  }

  #addMapEntry(proto: FieldProto, field: FieldInfo & { kind: "map" }): (FieldInfo & { kind: "map" })["V"] {
    const name = mapEntryName(field.name);
    const key = descriptor.FieldDescriptorProto.create({
      name: "key",
      number: 1,
      jsonName: "key",
      label: Label.OPTIONAL,
    });
    // A long key is text in code whatever was declared, so it needs no option to say so.
    setType(key, { kind: "scalar", T: field.K, L: LongType.BIGINT });
    const value = descriptor.FieldDescriptorProto.create({
      name: "value",
      number: 2,
      jsonName: "value",
      label: Label.OPTIONAL,
    });
    setType(value, field.V);
    const entry = descriptor.DescriptorProto.create({ name, options: { mapEntry: true } });
    entry.field.push(key, value);
    this.#message.nestedType.push(entry);
    proto.type = Type.MESSAGE;
    proto.typeName = `.${this.#typeName}.${name}`;
    return field.V;
  }
}

type ValueInfo =
  | { readonly kind: "scalar"; readonly T: ScalarType; readonly L?: LongType }
  | { readonly kind: "enum"; readonly T: () => EnumInfo }
  | { readonly kind: "message"; readonly T: () => IMessageType<any> };

function setType(proto: FieldProto, value: ValueInfo): void {
  switch (value.kind) {
    case "scalar":
      // The numbers of protobuf-ts's scalar types are the descriptor's.
      proto.type = value.T as number;
      setLongType(proto, value.T, value.L);
      return;
    case "enum":
      proto.type = Type.ENUM;
      proto.typeName = `.${value.T()[0]}`;
      return;
    case "message":
      proto.type = Type.MESSAGE;
      proto.typeName = `.${value.T().typeName}`;
  }
}

const LONG_TYPES: ReadonlySet<ScalarType> = new Set([
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
  ScalarType.SINT64,
]);

/** No option means bigint, as everywhere in this project. */
function setLongType(proto: FieldProto, type: ScalarType, long: LongType = LongType.STRING): void {
  if (!LONG_TYPES.has(type) || long === LongType.BIGINT) return;
  const { JS_STRING, JS_NUMBER } = descriptor.FieldOptions_JSType;
  optionsOf(proto).jstype = long === LongType.NUMBER ? JS_NUMBER : JS_STRING;
}

function setFieldOptions(proto: FieldProto, field: FieldInfo): void {
  const isPackable =
    field.kind === "enum" ||
    (field.kind === "scalar" && field.T !== ScalarType.STRING && field.T !== ScalarType.BYTES);
  if (isPackable && field.repeat === RepeatType.UNPACKED) optionsOf(proto).packed = false;
  writeOptions(() => optionsOf(proto), FIELD_OPTIONS, field.options);
}

function optionsOf(proto: FieldProto): descriptor.FieldOptions {
  return (proto.options ??= descriptor.FieldOptions.create());
}

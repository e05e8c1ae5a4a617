import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MessageType } from "@protobuf-ts/runtime";
import { ServiceType, type ServiceInfo } from "@protobuf-ts/runtime-rpc";
import { LatticeError } from "@lattice/model";
import { daemon, descriptor, health, reflection } from "@lattice/proto";
import { describeService, messageTypesOf } from "../src/index.ts";
import { DESCRIPTORS_BYTES_MAX } from "../src/limits.ts";
import { kvstoreV1 } from "@lattice/kvstore";
import { logstoreV1 } from "@lattice/logstore";
import { everything } from "./everything.ts";
import { scratchDirectory } from "./fake-node.ts";
import { messageArbitrary, shapeOf } from "./reflected.ts";

const { KvStore } = kvstoreV1;
const { LogStore } = logstoreV1;
const BUF = new URL("../../../node_modules/.bin/buf", import.meta.url).pathname;
const ROOT = new URL("../../..", import.meta.url).pathname;

const { FieldDescriptorProto_Label: Label, FieldDescriptorProto_Type: Type } = descriptor;

const SERVICES: readonly ServiceInfo[] = [
  KvStore,
  LogStore,
  daemon.NodeService,
  daemon.StoreService,
  daemon.DynamicStoreService,
  health.Health,
  reflection.ServerReflection,
  everything(),
];
/** The protobuf of buf, which the generator brings along: unlike others it links all references, and refuses loose ends. */
const strict = strictReader();

interface LoadedMethod {
  readonly requestSerialize: (message: object) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => object;
}

interface StrictReader {
  readonly FileDescriptorSetSchema: unknown;
  fromBinary(schema: unknown, bytes: Uint8Array): unknown;
  createFileRegistry(set: unknown): {
    getService(name: string): { methods: { name: string; input: { typeName: string } }[] } | undefined;
  };
}

function strictReader(): StrictReader {
  const generator = createRequire(createRequire(import.meta.url).resolve("@protobuf-ts/plugin/package.json"));
  return { ...generator("@bufbuild/protobuf"), ...generator("@bufbuild/protobuf/wkt") } as StrictReader;
}

const NAMED = SERVICES.map((service) => [service.typeName, service] as const);

describe.each(NAMED)("the descriptors of %s", (_, service) => {
  test("give the same service again", () => {
    expect(shapeOf(messageTypesOf(describeService(service)).service(service.typeName))).toEqual(
      shapeOf(service),
    );
  });

  test("property: what one of both types encodes, the other decodes to the same", () => {
    const rebuilt = messageTypesOf(describeService(service)).service(service.typeName);
    for (const [at, { I, O }] of service.methods.entries()) {
      for (const [type, again] of [
        [I, rebuilt.methods[at]!.I],
        [O, rebuilt.methods[at]!.O],
      ] as const) {
        const property = fc.property(messageArbitrary(type), (message) => {
          const bytes = type.toBinary(message);
          expect(Buffer.compare(again.toBinary(again.create(message)), bytes)).toBe(0);
          const [decoded, decodedAgain] = [type.fromBinary(bytes), again.fromBinary(bytes)];
          expect({ ...decodedAgain }).toEqual({ ...decoded });
          expect(again.toJson(decodedAgain)).toEqual(type.toJson(decoded));
        });
        fc.assert(property, { numRuns: 15 });
      }
    }
  });

  test("are complete and well-formed to a strict reader", () => {
    const set = strict.fromBinary(strict.FileDescriptorSetSchema, describeService(service));
    const described = strict.createFileRegistry(set).getService(service.typeName)!;
    expect(described.methods.map(({ name, input }) => [name, input.typeName])).toEqual(
      service.methods.map(({ name, I }) => [name, I.typeName]),
    );
  });
});

describe("a descriptor set", () => {
  test("has one file for each package, dependencies first, and each type once", () => {
    const { file } = descriptor.FileDescriptorSet.fromBinary(
      describeService(daemon.NodeService, everything(), daemon.StoreService, daemon.NodeService),
    );
    expect(file.map(({ name, dependency }) => ({ name, dependency }))).toEqual([
      { name: "lattice/daemon/v1/daemon.proto", dependency: [] },
      { name: "test/other/v1/other.proto", dependency: [] },
      { name: "test/v1/test.proto", dependency: ["test/other/v1/other.proto"] },
    ]);
    const [own, other] = file;
    expect(own!.service.map(({ name }) => name)).toEqual(["NodeService", "StoreService"]);
    expect(new Set(own!.messageType.map(({ name }) => name)).size).toBe(own!.messageType.length);
    const nobody = other!.messageType.find(({ name }) => name === "Nobody")!;
    expect(nobody.field).toEqual([]);
    expect(nobody.nestedType[0]!.nestedType[0]!.name).toBe("Deep");
  });

  test("is refused where packages depend on each other", () => {
    const a: MessageType<object> = new MessageType<object>("a.v1.A", [
      { no: 1, name: "b", kind: "message", T: () => b },
    ]);
    const b = new MessageType<object>("b.v1.B", [{ no: 1, name: "a", kind: "message", T: () => a }]);
    const service = new ServiceType("a.v1.S", [{ name: "M", I: a, O: b }]);
    expect(() => describeService(service)).toThrow("depend on each other");
  });

  test("says what the compiler's own says, but for options.proto and comments", async () => {
    const file = join(await scratchDirectory(), "image.json");
    const built = spawnSync(BUF, ["build", "--as-file-descriptor-set", "--exclude-source-info", "-o", file], {
      cwd: ROOT,
      encoding: "utf8",
    });
    expect(built.stderr).toBe("");
    const image = descriptor.FileDescriptorSet.fromJson(JSON.parse(await readFile(file, "utf8")), {
      ignoreUnknownFields: true,
    });
    for (const [services, name] of [
      [
        [daemon.NodeService, daemon.StoreService, daemon.DynamicStoreService],
        "lattice/daemon/v1/daemon.proto",
      ],
      [[reflection.ServerReflection], "grpc/reflection/v1/reflection.proto"],
      [[health.Health], "grpc/health/v1/health.proto"],
    ] as const) {
      const wanted = image.file.find((each) => each.name === name)!;
      const [own] = descriptor.FileDescriptorSet.fromBinary(describeService(...services)).file;
      const byName = (some: { name?: string }[]): void =>
        void some.sort((x, y) => (x.name! < y.name! ? -1 : 1));
      for (const each of [wanted, own!]) {
        byName(each.messageType);
        each.dependency = [];
        // JSON has no place for an option that its reader does not know.
        for (const method of each.service.flatMap((service) => service.method)) delete method.options;
      }
      expect(descriptor.FileDescriptorProto.toJson(own!)).toEqual(
        descriptor.FileDescriptorProto.toJson(wanted),
      );
    }
  });

  test("of the compiler, with its real options and proto2 files, gives the generated services", async () => {
    const file = join(await scratchDirectory(), "image.binpb");
    spawnSync(BUF, ["build", "--as-file-descriptor-set", "-o", file], { cwd: ROOT });
    const types = messageTypesOf(await readFile(file));
    for (const service of SERVICES.slice(0, -1)) {
      expect(shapeOf(types.service(service.typeName))).toEqual(shapeOf(service));
    }
  });

  test("is understood by another implementation", async () => {
    const loader = createRequire(createRequire(import.meta.url).resolve("@grpc/grpc-js"))(
      "@grpc/proto-loader",
    ) as {
      loadFileDescriptorSetFromBuffer(
        bytes: Buffer,
        options: object,
      ): Record<string, Record<string, LoadedMethod>>;
    };
    const loaded = loader.loadFileDescriptorSetFromBuffer(
      Buffer.from(describeService(KvStore, daemon.StoreService)),
      {
        longs: String,
      },
    );
    const { requestSerialize } = loaded["lattice.kvstore.v1.KvStore"]!.Put!;
    const bytes = requestSerialize({
      key: Buffer.from("k"),
      value: Buffer.from("v"),
      if: ["00", "ff"],
    });
    expect(KvStore.methods[0]!.I.fromBinary(bytes)).toMatchObject({ if: ["00", "ff"] });
    const status = daemon.StoreStatus.create({
      rejected: { a: 1n },
      headCount: 3,
      livePeers: [new Uint8Array([1])],
    });
    const { responseDeserialize } = loaded["lattice.daemon.v1.StoreService"]!.Status!;
    // protobuf.js knows maps in .proto files only, and reads their entries from descriptors as messages.
    expect(responseDeserialize(Buffer.from(daemon.StoreStatus.toBinary(status)))).toMatchObject({
      rejected: [{ key: "a", value: "1" }],
      head_count: 3,
    });
  });
});

describe("hostile descriptors", () => {
  type FieldParts = Partial<descriptor.FieldDescriptorProto>;
  type MessageParts = Partial<descriptor.DescriptorProto>;

  /** One service with one method, whose request has the given parts. */
  function setOf(message: MessageParts, file: Partial<descriptor.FileDescriptorProto> = {}): Uint8Array {
    return descriptor.FileDescriptorSet.toBinary(
      descriptor.FileDescriptorSet.create({
        file: [
          {
            name: "a.proto",
            syntax: "proto3",
            package: "a",
            messageType: [{ name: "M", ...message }],
            service: [{ name: "S", method: [{ name: "Do", inputType: ".a.M", outputType: ".a.M" }] }],
            ...file,
          },
        ],
      }),
    );
  }
  const field = (parts: FieldParts): FieldParts => ({
    name: "f",
    number: 1,
    type: Type.STRING,
    label: Label.OPTIONAL,
    ...parts,
  });
  const fields = (...parts: FieldParts[]): Uint8Array =>
    setOf({ field: parts.map(field) as descriptor.FieldDescriptorProto[] });
  const codeOf = (bytes: Uint8Array): string => {
    try {
      messageTypesOf(bytes).service("a.S");
      return "none";
    } catch (error) {
      if (error instanceof LatticeError) return error.code;
      throw error;
    }
  };

  test("are told from good ones", () => {
    expect(codeOf(fields({}))).toBe("none");
  });

  test.each<[string, Uint8Array]>([
    ["no message at all", new Uint8Array([0xff, 0xff])],
    ["text that is no UTF-8", new Uint8Array([0x0a, 0x03, 0x0a, 0x01, 0xff])],
    ["a field of number 0", fields({ number: 0 })],
    ["a field of a number too high", fields({ number: 2 ** 29 })],
    ["two fields of one number", fields({}, { name: "g" })],
    ["two fields of one name in code", fields({ name: "a_b" }, { name: "aB", number: 2 })],
    ["a field without a name", fields({ name: "" })],
    ["a field called as no field can be", fields({ name: "a b" })],
    ["a field called __proto__", fields({ name: "__proto__" })],
    ["a field that JSON calls __proto__", fields({ jsonName: "__proto__" })],
    ["a field of no type", fields({ type: 0 })],
    ["a field of a type from the future", fields({ type: 99 as descriptor.FieldDescriptorProto_Type })],
    ["a group", fields({ type: Type.GROUP, typeName: ".a.M" })],
    ["a reference to nothing", fields({ type: Type.MESSAGE, typeName: ".a.Missing" })],
    ["a relative reference", fields({ type: Type.MESSAGE, typeName: "M" })],
    ["a message where an enum should be", fields({ type: Type.ENUM, typeName: ".a.M" })],
    ["a service where a message should be", fields({ type: Type.MESSAGE, typeName: ".a.S" })],
    ["a oneof that is not there", fields({ oneofIndex: 3 })],
    ["a oneof of a negative place", fields({ oneofIndex: -1 })],
    [
      "a oneof called as a field",
      setOf({
        field: [
          field({}),
          field({ name: "g", number: 2, oneofIndex: 0 }),
        ] as descriptor.FieldDescriptorProto[],
        oneofDecl: [{ name: "f" }],
      }),
    ],
    [
      "a repeated field in a oneof",
      setOf({
        field: [field({ label: Label.REPEATED, oneofIndex: 0 })] as descriptor.FieldDescriptorProto[],
        oneofDecl: [{ name: "o" }],
      }),
    ],
    [
      "a map without a value",
      setOf({
        field: [
          field({ type: Type.MESSAGE, typeName: ".a.M.E", label: Label.REPEATED }),
        ] as descriptor.FieldDescriptorProto[],
        nestedType: [
          descriptor.DescriptorProto.create({
            name: "E",
            options: { mapEntry: true },
            field: [field({ name: "key" })],
          }),
        ],
      }),
    ],
    [
      "a map by bytes",
      setOf({
        field: [
          field({ type: Type.MESSAGE, typeName: ".a.M.E", label: Label.REPEATED }),
        ] as descriptor.FieldDescriptorProto[],
        nestedType: [
          descriptor.DescriptorProto.create({
            name: "E",
            options: { mapEntry: true },
            field: [field({ name: "key", type: Type.BYTES }), field({ name: "value", number: 2 })],
          }),
        ],
      }),
    ],
    ["a map entry as a request", setOf({ options: { mapEntry: true } as descriptor.MessageOptions })],
    [
      "a map that is its own value",
      setOf({
        field: [
          field({ type: Type.MESSAGE, typeName: ".a.M.E", label: Label.REPEATED }),
        ] as descriptor.FieldDescriptorProto[],
        nestedType: [
          descriptor.DescriptorProto.create({
            name: "E",
            options: { mapEntry: true },
            field: [
              field({ name: "key" }),
              field({ name: "value", number: 2, type: Type.MESSAGE, typeName: ".a.M.E" }),
            ],
          }),
        ],
      }),
    ],
    [
      "a type that is there twice",
      setOf({}, { enumType: [descriptor.EnumDescriptorProto.create({ name: "M" })] }),
    ],
    [
      "an enum with a name twice",
      setOf(
        { field: [field({ type: Type.ENUM, typeName: ".a.E" })] as descriptor.FieldDescriptorProto[] },
        {
          enumType: [
            descriptor.EnumDescriptorProto.create({
              name: "E",
              value: [{ name: "A" }, { name: "A", number: 1 }],
            }),
          ],
        },
      ),
    ],
    ["a package that is none", setOf({}, { package: "a..b" })],
  ])("%s: one error", (_, bytes) => {
    expect(codeOf(bytes)).toBe("invalid-argument");
  });

  test("an edition is not understood, and an absent service not found", () => {
    expect(codeOf(setOf({}, { syntax: "editions" }))).toBe("unimplemented");
    expect(() => messageTypesOf(fields({})).service("a.Other")).toThrow("no service a.Other");
    expect(() => messageTypesOf(new Uint8Array(DESCRIPTORS_BYTES_MAX + 1))).toThrow("at most");
  });

  test("an error is the same however often it is asked for", () => {
    const bad = setOf(
      {
        field: [field({ type: Type.MESSAGE, typeName: ".a.Bad" })] as descriptor.FieldDescriptorProto[],
      },
      {
        messageType: [
          descriptor.DescriptorProto.create({
            name: "M",
            field: [field({ type: Type.MESSAGE, typeName: ".a.Bad" })],
          }),
          descriptor.DescriptorProto.create({ name: "Bad", field: [field({ number: 0 })] }),
        ],
      },
    );
    const types = messageTypesOf(bad);
    for (let time = 0; time < 3; time++) expect(() => types.service("a.S")).toThrow("a.Bad.f has number 0");
  });

  test("types that hold each other, or nest deeply, end", () => {
    expect(codeOf(fields({ type: Type.MESSAGE, typeName: ".a.M" }))).toBe("none");
    let nested = descriptor.DescriptorProto.create({ name: "N" });
    for (let depth = 0; depth < 300; depth++)
      nested = descriptor.DescriptorProto.create({ name: "N", nestedType: [nested] });
    expect(codeOf(setOf({ nestedType: [nested] }))).toBe("none");
    // Deeper than any stack: each level is a name and the next one.
    const name = Buffer.from([0x0a, 0x01, 0x4e]);
    const parts = [name];
    let length = name.length;
    for (let depth = 0; depth < 50_000; depth++) {
      const head = Buffer.from([...name, 0x1a, ...varint(length)]);
      parts.push(head);
      length += head.length;
    }
    const file = Buffer.concat([Buffer.from([0x22, ...varint(length)]), ...parts.reverse()]);
    expect(codeOf(Buffer.concat([Buffer.from([0x0a, ...varint(file.length)]), file]))).toBe(
      "invalid-argument",
    );
  });

  function varint(value: number): number[] {
    const out: number[] = [];
    let rest = value;
    for (; rest > 127; rest >>>= 7) out.push((rest & 127) | 128);
    return [...out, rest];
  }

  test("property: any bytes, and any damage to good ones, give a service or one error", () => {
    const good = describeService(everything());
    const damaged = fc
      .array(fc.tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 })
      .map((changes) => {
        const bytes = good.slice();
        for (const [at, value] of changes) bytes[at] = value;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        try {
          const { methods } = messageTypesOf(bytes).service("test.v1.Everything");
          for (const { I, O } of methods) for (const type of [I, O]) type.toBinary(type.create());
        } catch (error) {
          expect(error).toBeInstanceOf(LatticeError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

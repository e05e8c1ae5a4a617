/** A service with every kind of field there is, and what else protobuf-ts can say. */
import { LongType, MessageType, RepeatType, ScalarType, type EnumInfo } from "@protobuf-ts/runtime";
import { ServiceType, type ServiceInfo } from "@protobuf-ts/runtime-rpc";
import { HELP_OPTION, NAMED_OPTION, SUMMARY_OPTION } from "../src/index.ts";

export function everything(): ServiceInfo {
  const color: EnumInfo = [
    "test.other.v1.Color",
    { 0: "NONE", NONE: 0, 1: "ROT", RED: 1, ROT: 1, [-2]: "DARK", DARK: -2 },
  ];
  const kind: EnumInfo = [
    "test.v1.Outer.Kind",
    { 0: "UNSPECIFIED", UNSPECIFIED: 0, 5: "BIG", BIG: 5 },
    "KIND_",
  ];
  const scalars = Object.values(ScalarType).filter((value): value is ScalarType => typeof value === "number");
  const longs = new Set(["INT64", "UINT64", "FIXED64", "SFIXED64", "SINT64"]);
  const scalar = (T: ScalarType) => ({
    kind: "scalar" as const,
    T,
    ...(longs.has(ScalarType[T]) ? { L: LongType.BIGINT } : {}),
  });
  const shared = new MessageType<object>("test.other.v1.Shared", [
    { no: 1, name: "color", kind: "enum", T: () => color },
    { no: 2, name: "deep", kind: "message", T: () => unreached },
  ]);
  const unreached = new MessageType<object>("test.other.v1.Nobody.Inner.Deep", [
    { no: 536_870_911, name: "to_string", localName: "toString$", kind: "scalar", T: ScalarType.STRING },
  ]);
  const outer: MessageType<object> = new MessageType<object>("test.v1.Outer", [
    ...scalars.map((T) => ({ no: T, name: `one_${T}_x`, ...scalar(T) })),
    ...scalars.map((T) => ({ no: 20 + T, name: `optional_${T}`, ...scalar(T), opt: true as const })),
    ...scalars.map((T) => ({
      ...{ no: 40 + T, name: `unpacked_${T}`, ...scalar(T), repeat: RepeatType.UNPACKED as const },
    })),
    ...scalars
      .filter((T) => T !== ScalarType.STRING && T !== ScalarType.BYTES)
      .map((T) => ({ no: 60 + T, name: `packed_${T}`, ...scalar(T), repeat: RepeatType.PACKED as const })),
    ...scalars
      .filter((T) => ![ScalarType.DOUBLE, ScalarType.FLOAT, ScalarType.BYTES].includes(T))
      .map((K) => ({
        ...{ no: 80 + K, name: `map_by_${K}`, kind: "map" as const, K: K as ScalarType.STRING },
        V: scalar(K),
      })),
    { no: 100, name: "kind", kind: "enum", T: () => kind },
    { no: 101, name: "kinds", kind: "enum", T: () => kind, repeat: RepeatType.PACKED },
    { no: 102, name: "slow_kinds", kind: "enum", T: () => kind, repeat: RepeatType.UNPACKED },
    { no: 103, name: "maybe_color", kind: "enum", T: () => color, opt: true },
    { no: 104, name: "self", kind: "message", T: () => outer },
    { no: 105, name: "selves", kind: "message", T: () => outer, repeat: RepeatType.UNPACKED },
    {
      no: 106,
      name: "_shared_by__name_",
      kind: "map",
      K: ScalarType.STRING,
      V: { kind: "message", T: () => shared },
    },
    { no: 107, name: "kind_by_id", kind: "map", K: ScalarType.UINT64, V: { kind: "enum", T: () => kind } },
    { no: 108, name: "text", kind: "scalar", T: ScalarType.STRING, oneof: "someChoice" },
    {
      no: 109,
      name: "oneof_kind",
      localName: "oneofKind$",
      kind: "enum",
      T: () => kind,
      oneof: "someChoice",
    },
    { no: 110, name: "inner", kind: "message", T: () => shared, oneof: "someChoice" },
    { no: 111, name: "b1", kind: "scalar", T: ScalarType.BYTES, oneof: "toString$" },
    { no: 112, name: "long_text", kind: "scalar", T: ScalarType.INT64 },
    { no: 113, name: "long_number", kind: "scalar", T: ScalarType.UINT64, L: LongType.NUMBER },
    {
      no: 114,
      name: "long_by_name",
      kind: "map",
      K: ScalarType.STRING,
      V: { kind: "scalar", T: ScalarType.INT64 },
    },
    { no: 115, name: "renamed", jsonName: "other name!", kind: "scalar", T: ScalarType.BOOL },
    { no: 116, name: "_optional_1", kind: "scalar", T: ScalarType.BOOL },
    {
      ...{ no: 117, name: "told", kind: "scalar", T: ScalarType.BOOL },
      options: { [HELP_OPTION]: "größer", [NAMED_OPTION]: true },
    },
    {
      no: 118,
      name: "untold",
      kind: "scalar",
      T: ScalarType.BOOL,
      options: { [HELP_OPTION]: "", [NAMED_OPTION]: false },
    },
  ]);
  return new ServiceType("test.v1.Everything", [
    {
      name: "GetAll",
      I: outer,
      O: shared,
      options: { [SUMMARY_OPTION]: "All of it" },
      idempotency: "NO_SIDE_EFFECTS",
    },
    {
      name: "options",
      localName: "options$",
      I: shared,
      O: outer,
      serverStreaming: true,
      idempotency: "IDEMPOTENT",
    },
    { name: "Push", I: outer, O: outer, clientStreaming: true },
    { name: "Talk", I: unreached, O: outer, clientStreaming: true, serverStreaming: true },
  ]);
}

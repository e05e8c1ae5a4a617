/**
 * Random messages of any protobuf type, made from its reflection, with the values that handlers forget: nothing at all,
 * the greatest and least numbers, byte strings of odd lengths, unknown enum values.
 */
import { ID_BYTES, hlcFromMs, makeId, sha256, utf8 } from "@lattice/model";
import { LongType, ScalarType, type FieldInfo, type IMessageType } from "@protobuf-ts/runtime";
import fc from "fast-check";
import { MESSAGE_DEPTH_MAX } from "../limits.ts";

/** Byte strings that mean something where the message goes, such as ids and keys in use. */
export type Known = readonly Uint8Array[];

/** What becomes a value once it is known what there is. */
export type Draft<Value> = (known: Known) => Value;

/** As `type.create` takes it. */
export function anyMessage(
  type: IMessageType<any>,
  depth: number = MESSAGE_DEPTH_MAX,
): fc.Arbitrary<Draft<object>> {
  const plain = type.fields.filter((field) => field.oneof === undefined);
  const groups = Map.groupBy(
    type.fields.filter((field) => field.oneof !== undefined),
    (field) => field.oneof,
  );
  const members = [
    ...plain.map((field) => anyField(field, depth).map((draft) => entry(field.localName, draft))),
    ...[...groups].map(([name, fields]) => anyOneof(fields, depth).map((draft) => entry(name, draft))),
  ];
  return fc
    .tuple(...members)
    .map((entries) => (known) => Object.fromEntries(entries.map(([name, draft]) => [name, draft(known)])));
}

/** Ids that nobody has written: older than everything, as new as can be, and between. */
export const PHANTOM_IDS = [0, 3, 2 ** 48 - 1].map((ms) =>
  makeId(hlcFromMs(ms), sha256(utf8(`phantom ${ms}`))),
);

const NOTHING: Draft<undefined> = () => undefined;

function entry(name: string, draft: Draft<unknown>): readonly [string, Draft<unknown>] {
  return [name, draft];
}

function anyField(field: FieldInfo, depth: number): fc.Arbitrary<Draft<unknown>> {
  if (field.kind === "map") {
    const pair = fc.tuple(anyScalar(field.K), anyValue(field.V, depth));
    return fc
      .array(pair, { maxLength: 2 })
      .map(
        (pairs) => (known) =>
          Object.fromEntries(pairs.map(([key, value]) => [String(key(known)), value(known)])),
      );
  }
  const value = anyValue(field, depth);
  if (field.repeat !== undefined && field.repeat !== 0) {
    return fc.array(value, { maxLength: 3 }).map((drafts) => (known) => drafts.map((draft) => draft(known)));
  }
  const mayBeAbsent = field.kind === "message" || field.opt;
  return mayBeAbsent ? fc.option(value, { nil: NOTHING, freq: 3 }) : value;
}

function anyOneof(fields: readonly FieldInfo[], depth: number): fc.Arbitrary<Draft<object>> {
  const nothing = fc.constant<Draft<object>>(() => ({ oneofKind: undefined }));
  const members = fields.map((field) => {
    const name = field.localName;
    const value = field.kind === "map" ? fc.constant(NOTHING) : anyValue(field, depth);
    return value.map((draft): Draft<object> => (known) => ({ oneofKind: name, [name]: draft(known) }));
  });
  return fc.oneof(
    { weight: 1, arbitrary: nothing },
    ...members.map((arbitrary) => ({ weight: 2, arbitrary })),
  );
}

type ValueInfo =
  | { readonly kind: "scalar"; readonly T: ScalarType; readonly L?: LongType | undefined }
  | {
      readonly kind: "enum";
      readonly T: () => readonly [string, Readonly<Record<string, number | string>>, string?];
    }
  | { readonly kind: "message"; readonly T: () => IMessageType<any> };

function anyValue(info: ValueInfo, depth: number): fc.Arbitrary<Draft<unknown>> {
  switch (info.kind) {
    case "scalar":
      return anyScalar(info.T, info.L);
    case "enum": {
      const numbers = Object.values(info.T()[1]).filter((value) => typeof value === "number");
      return constants(...numbers, Math.max(...numbers) + 1, -1);
    }
    case "message":
      return depth === 0 ? constants({}) : anyMessage(info.T(), depth - 1);
  }
}

const INT32_MAX = 2 ** 31 - 1;
const UINT32_MAX = 2 ** 32 - 1;
const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;

function anyScalar(type: ScalarType, long?: LongType): fc.Arbitrary<Draft<unknown>> {
  switch (type) {
    case ScalarType.BOOL:
      return constants(false, true);
    case ScalarType.STRING:
      return fc.oneof(anyText(), fc.nat().map(pickText));
    case ScalarType.BYTES:
      return anyBytes();
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return constants(0, -0, 1.5, -1, Number.NaN, Infinity, -Infinity);
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return fc.oneof(constants(0, 1, -1, INT32_MAX, -INT32_MAX - 1), settled(fc.nat(20)));
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return fc.oneof(constants(0, 1, INT32_MAX, UINT32_MAX), settled(fc.nat(20)));
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return anyLong([0n, 1n, -1n, INT64_MAX, -INT64_MAX - 1n], long);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return anyLong([0n, 1n, INT64_MAX + 1n, UINT64_MAX], long);
  }
}

/** In the form in which the generated code has it: a bigint, a number or, unless told otherwise, a string. */
function anyLong(extremes: readonly bigint[], long: LongType | undefined): fc.Arbitrary<Draft<unknown>> {
  const formed = (value: bigint): unknown => {
    if (long === LongType.BIGINT) return value;
    return long === LongType.NUMBER ? Number(BigInt.asIntN(53, value)) : String(value);
  };
  const values = fc.oneof(fc.constantFrom(...extremes), fc.bigInt(0n, 20n));
  return settled(values.map(formed));
}

/** Longer than a key of a state's table may be. */
const LONG_BYTES = 5_000;

function anyText(): fc.Arbitrary<Draft<string>> {
  const odd = constants("", "none", "\0", "ä\u{1f30d}", "x".repeat(300), "x".repeat(LONG_BYTES));
  return fc.oneof(odd, settled(fc.string({ maxLength: 8 })));
}

function pickText(pick: number): Draft<string> {
  return (known) => new TextDecoder().decode(pickBytes(pick)(known));
}

function pickBytes(pick: number): Draft<Uint8Array> {
  return (known) => known[pick % known.length] ?? PHANTOM_IDS[pick % PHANTOM_IDS.length]!;
}

/** What means something, what nearly does, and what does not; as plain arrays and as Buffers, which a wire gives. */
function anyBytes(): fc.Arbitrary<Draft<Uint8Array>> {
  const short = settled(fc.uint8Array({ maxLength: 8 }));
  const picked = fc.nat().map(pickBytes);
  const cut = fc.tuple(fc.nat(), fc.nat(ID_BYTES)).map(
    ([pick, length]): Draft<Uint8Array> =>
      (known) =>
        pickBytes(pick)(known).subarray(0, length),
  );
  const nobodys = constants<Uint8Array>(...PHANTOM_IDS, new Uint8Array(ID_BYTES + 1));
  const anything = fc.oneof(
    { weight: 2, arbitrary: short },
    { weight: 4, arbitrary: picked },
    { weight: 1, arbitrary: cut },
    { weight: 1, arbitrary: nobodys },
    { weight: 1, arbitrary: constants(new Uint8Array(LONG_BYTES)) },
  );
  return fc.tuple(anything, fc.boolean()).map(
    ([draft, isBuffer]) =>
      (known) =>
        isBuffer ? Buffer.from(draft(known)) : draft(known),
  );
}

function constants<Value>(...values: readonly Value[]): fc.Arbitrary<Draft<Value>> {
  return settled(fc.constantFrom(...values));
}

/** A value that needs to know nothing. */
function settled<Value>(values: fc.Arbitrary<Value>): fc.Arbitrary<Draft<Value>> {
  return values.map((value) => () => value);
}

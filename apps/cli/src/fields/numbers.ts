/** Numbers as people and JSON write them, within the bounds of their protobuf type. */
import { ScalarType } from "@protobuf-ts/runtime";
import { UsageError } from "../errors.ts";

type Bits = { readonly bits: 32n | 64n; readonly signed: boolean };

const INTEGER_TYPES: ReadonlyMap<ScalarType, Bits> = new Map([
  [ScalarType.INT32, { bits: 32n, signed: true }],
  [ScalarType.SINT32, { bits: 32n, signed: true }],
  [ScalarType.SFIXED32, { bits: 32n, signed: true }],
  [ScalarType.UINT32, { bits: 32n, signed: false }],
  [ScalarType.FIXED32, { bits: 32n, signed: false }],
  [ScalarType.INT64, { bits: 64n, signed: true }],
  [ScalarType.SINT64, { bits: 64n, signed: true }],
  [ScalarType.SFIXED64, { bits: 64n, signed: true }],
  [ScalarType.UINT64, { bits: 64n, signed: false }],
  [ScalarType.FIXED64, { bits: 64n, signed: false }],
]);

export function parseInteger(text: string, field: { type: ScalarType; name: string }): bigint {
  if (!/^-?\d{1,20}$/.test(text)) throw new UsageError(`${field.name}: "${text}" is no whole number`);
  const value = BigInt(text);
  const { bits, signed } = INTEGER_TYPES.get(field.type)!;
  const fits = signed ? BigInt.asIntN(Number(bits), value) : BigInt.asUintN(Number(bits), value);
  if (fits === value) return value;
  const [min, max] = signed ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
  throw new UsageError(`${field.name}: ${text} is not between ${min} and ${max}`);
}

const SPECIAL: Readonly<Record<string, number>> = { NaN, Infinity, "-Infinity": -Infinity };

export function parseFloating(text: string, name: string): number {
  const value = SPECIAL[text] ?? (/^[-+]?[\d.]/.test(text) ? Number(text) : NaN);
  if (Number.isNaN(value) && text !== "NaN") throw new UsageError(`${name}: "${text}" is no number`);
  return value;
}

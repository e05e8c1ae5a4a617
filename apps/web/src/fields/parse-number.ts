/** Numbers as people write them, within the bounds of their protobuf type. What was left empty is 0. */
import { ScalarType } from "@protobuf-ts/runtime";

export type ReadNumber<T> = { readonly value: T } | { readonly mistake: string };

interface Bounds {
  readonly min: bigint;
  readonly max: bigint;
}

const signed = (bits: bigint): Bounds => ({ min: -(1n << (bits - 1n)), max: (1n << (bits - 1n)) - 1n });
const unsigned = (bits: bigint): Bounds => ({ min: 0n, max: (1n << bits) - 1n });

const BOUNDS: ReadonlyMap<ScalarType, Bounds> = new Map([
  [ScalarType.INT32, signed(32n)],
  [ScalarType.SINT32, signed(32n)],
  [ScalarType.SFIXED32, signed(32n)],
  [ScalarType.UINT32, unsigned(32n)],
  [ScalarType.FIXED32, unsigned(32n)],
  [ScalarType.INT64, signed(64n)],
  [ScalarType.SINT64, signed(64n)],
  [ScalarType.SFIXED64, signed(64n)],
  [ScalarType.UINT64, unsigned(64n)],
  [ScalarType.FIXED64, unsigned(64n)],
]);

/** Decimal, or hex behind 0x; digits may be set apart by spaces and underscores. */
export function parseInteger(text: string, type: ScalarType): ReadNumber<bigint> {
  const digits = text.replace(/[\s_\u202f]+/g, "");
  if (digits === "") return { value: 0n };
  const parts = /^([+-]?)(\d+|0x[0-9a-f]+)$/i.exec(digits);
  if (parts === null) return { mistake: "a whole number, such as 42" };
  const size = BigInt(parts[2]!);
  const value = parts[1] === "-" ? -size : size;
  const { min, max } = BOUNDS.get(type) ?? signed(64n);
  if (value >= min && value <= max) return { value };
  return { mistake: value < min && min === 0n ? "not below 0" : `between ${min} and ${max}` };
}

export function parseFloating(text: string): ReadNumber<number> {
  const trimmed = text.trim();
  if (trimmed === "") return { value: 0 };
  const value = Number(trimmed);
  if (!Number.isNaN(value) || trimmed === "NaN") return { value };
  return { mistake: "a number, such as 1.5 or 2e9" };
}

/** What fits into the field, in words: shown in it while it is empty. */
export function numberHint(type: ScalarType): string {
  if (type === ScalarType.DOUBLE || type === ScalarType.FLOAT) return "number";
  const { min } = BOUNDS.get(type) ?? signed(64n);
  return min === 0n ? "whole number, not below 0" : "whole number";
}

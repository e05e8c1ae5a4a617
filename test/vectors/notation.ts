/** How values are written in the vectors: bytes in hex, numbers that may pass 2^53 as decimal strings. */
import { fromHex, toHex } from "../../packages/model/src/index.ts";

/** Bytes too long to be written out: these parts, one after the other. */
export type Recipe = readonly (string | { readonly repeat: string; readonly count: number })[];

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

export function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex);
  if (bytes === undefined) throw new Error(`no hex: ${hex}`);
  return bytes;
}

export function bytesOfRecipe(recipe: string | Recipe): Uint8Array {
  const parts = typeof recipe === "string" ? [recipe] : recipe;
  return bytesOf(
    parts.map((part) => (typeof part === "string" ? part : part.repeat.repeat(part.count))).join(""),
  );
}

/** A message with its bytes in hex; `u64` names the fields that are written as strings. */
export function toJson(value: unknown, u64: readonly string[] = []): Json {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map((each) => toJson(each, u64));
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value as Json;
  const entries = Object.entries(value).map(([name, each]) => [
    name,
    u64.includes(name) ? String(each) : toJson(each, u64),
  ]);
  return Object.fromEntries(entries) as Json;
}

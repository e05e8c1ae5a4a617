/** The byte strings and texts in messages, for random messages to speak of the same things. */
import { utf8 } from "@lattice/model";

/** In the order in which they stand there. */
export function bytesIn(value: unknown): readonly Uint8Array[] {
  if (value instanceof Uint8Array) return [value];
  if (typeof value === "string") return [utf8(value)];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(bytesIn);
}

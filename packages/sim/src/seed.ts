/** Seeds as people write them: a number, or the hash of a commit. Inside, 16 digits in hex. */
import { LatticeError } from "@lattice/model";

const SEED_DIGITS = 16;

/** Throws `invalid-argument`. */
export function parseSeed(text: string): string {
  if (/^\d{1,20}$/.test(text) && BigInt(text) < 2n ** 64n) return seedOf(BigInt(text));
  if (/^(0x)?[0-9a-f]{1,40}$/i.test(text)) {
    return text.toLowerCase().replace(/^0x/, "").slice(0, SEED_DIGITS).padStart(SEED_DIGITS, "0");
  }
  throw new LatticeError("invalid-argument", `"${text}" is no seed: give a number or the hash of a commit`);
}

export function seedOf(number: bigint): string {
  return BigInt.asUintN(64, number).toString(16).padStart(SEED_DIGITS, "0");
}

/** The next `count` seeds from one on. */
export function* seedsFrom(first: string, count: number): Iterable<string> {
  const start = BigInt(`0x${first}`);
  for (let n = 0; n < count; n++) yield seedOf(start + BigInt(n));
}

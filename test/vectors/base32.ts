const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/** RFC 4648, lower case, without padding; the naive way. */
export function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const groups = bits.padEnd(Math.ceil(bits.length / 5) * 5, "0").match(/.{5}/g) ?? [];
  return groups.map((five) => ALPHABET[Number.parseInt(five, 2)]).join("");
}

/** Bytes as hex. */

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
/** Enough to name one among a million. */
const SHORT_HEX_DIGITS = 8;
/** An intention's id: eight bytes of time, then its hash. */
const ID_BYTES = 40;
const ID_TIME_BYTES = 8;

export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += DIGITS[byte]!;
  return text;
}

/** Undefined where the text is not an even number of hex digits; spaces and a leading 0x are nothing. */
export function fromHex(text: string): Uint8Array | undefined {
  const digits = text.replace(/\s+/g, "").replace(/^0x/i, "");
  if (digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits)) return undefined;
  const bytes = new Uint8Array(digits.length / 2);
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(digits.slice(at * 2, at * 2 + 2), 16);
  return bytes;
}

/** The first digits; of an intention's id those of its hash, since all ids of one day start alike. */
export function shortHex(bytes: Uint8Array): string {
  return toHex(hashOf(bytes).subarray(0, SHORT_HEX_DIGITS / 2));
}

/** What of an intention's id is its hash; any other bytes as they are. */
export function hashOf(id: Uint8Array): Uint8Array {
  return id.length === ID_BYTES ? id.subarray(ID_TIME_BYTES) : id;
}

/** Protobuf's variable-length numbers, for messages on the path of every request; elsewhere the generated code will do. */

const U32_COUNT = 2 ** 32;

/** Of a whole number from 0 to 2^53 - 1. */
export function varintLength(value: number): number {
  let length = 1;
  while (value >= 0x80) {
    value = Math.floor(value / 0x80);
    length++;
  }
  return length;
}

/** Gives the place behind it. */
export function writeVarint(out: Uint8Array, at: number, value: number): number {
  while (value >= U32_COUNT / 2) {
    out[at++] = (value % 0x80) | 0x80;
    value = Math.floor(value / 0x80);
  }
  while (value >= 0x80) {
    out[at++] = (value & 0x7f) | 0x80;
    value >>>= 7;
  }
  out[at++] = value;
  return at;
}

/** Of a 64-bit number with a sign: a negative one takes ten bytes. */
export function encodeVarint64(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

/** Numbers of variable length, as protobuf has them, in the middle of other bytes. */

const U32_COUNT = 2 ** 32;

/** Of a whole number from 0 to 2^53 - 1. */
export const VARINT_BYTES_MAX = 8;
/** Of a 64-bit number with a sign. */
export const VARINT64_BYTES_MAX = 10;

/** Gives the place behind it. */
export function writeVarint(out: Uint8Array, at: number, value: number): number {
  let rest = value;
  let next = at;
  while (rest >= U32_COUNT / 2) {
    out[next++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  while (rest >= 0x80) {
    out[next++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  out[next++] = rest;
  return next;
}

/** A negative one takes ten bytes. */
export function writeVarint64(out: Uint8Array, at: number, value: bigint): number {
  let rest = BigInt.asUintN(64, value);
  let next = at;
  while (rest >= 0x80n) {
    out[next++] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
  }
  out[next++] = Number(rest);
  return next;
}

export function varintBytes(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length += 1;
  return length;
}

/** Reads what this package wrote; so nothing here is looked at twice. */
export class VarintReader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  varint(): number {
    const { bytes } = this;
    let byte = bytes[this.at++]!;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    let unit = 0x80;
    do {
      byte = bytes[this.at++]!;
      value += (byte & 0x7f) * unit;
      unit *= 0x80;
    } while (byte >= 0x80);
    return value;
  }

  varint64(): bigint {
    let value = 0n;
    let byte: number;
    let shift = 0n;
    do {
      byte = this.bytes[this.at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
    } while (byte >= 0x80);
    return BigInt.asIntN(64, value);
  }

  /** A view. */
  take(length: number): Uint8Array {
    const start = this.at;
    this.at += length;
    return this.bytes.subarray(start, this.at);
  }
}

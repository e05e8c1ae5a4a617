/** Byte strings: comparison, joining and their text forms. */

/** Order of two byte strings, as a sort function wants it. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const common = Math.min(a.length, b.length, LOOP_BYTES);
  // Ids and keys differ early, and a call into native code takes as long as looking at dozens of bytes.
  for (let at = 0; at < common; at++) {
    const difference = a[at]! - b[at]!;
    if (difference !== 0) return difference;
  }
  return Buffer.compare(a, b);
}

const LOOP_BYTES = 48;

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  if (a.length > LOOP_BYTES) return Buffer.compare(a, b) === 0;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function toHex(bytes: Uint8Array): string {
  return view(bytes).toString("hex");
}

/** Returns undefined where the text is not an even number of hex digits. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  return new Uint8Array(Buffer.from(text, "hex"));
}

/**
 * A byte string as a `Map` key. Two byte strings give the same key only if they are equal, and keys
 * sort as the byte strings do.
 */
export function bytesKey(bytes: Uint8Array): string {
  return latin1Slice.call(bytes, 0, bytes.length);
}

/** Node's own, which takes any byte string; a Buffer around each one would cost more than the conversion. */
const { latin1Slice } = Buffer.prototype as unknown as {
  latin1Slice: (this: Uint8Array, start: number, end: number) => string;
};

export function bytesFromKey(key: string): Uint8Array {
  const buffer = Buffer.from(key, "latin1");
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** An unsigned 64-bit number, big-endian, so that it sorts as the number does. */
export function u64be(value: number | bigint): Uint8Array {
  const out = new Uint8Array(8);
  writeU64be(out, value, 0);
  return out;
}

/** The same, in place: what writes many of them needs no byte string for each. */
export function writeU64be(out: Uint8Array, value: number | bigint, offset: number): void {
  let high = typeof value === "bigint" ? Number(value >> 32n) : Math.floor(value / 2 ** 32);
  let low = typeof value === "bigint" ? Number(value & 0xffffffffn) : value % 2 ** 32;
  for (let at = offset + 3; at >= offset; at--) {
    out[at] = high & 0xff;
    out[at + 4] = low & 0xff;
    high >>>= 8;
    low >>>= 8;
  }
}

export function readU64be(bytes: Uint8Array, offset = 0): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(offset);
}

/** A sequence number or count, which this project keeps below 2^53. */
export function readSeqBe(bytes: Uint8Array, offset = 0): number {
  let value = 0;
  for (let at = offset; at < offset + 8; at++) value = value * 256 + (bytes[at] ?? 0);
  return value;
}

/** The least byte string above every one that starts with `prefix`; undefined where there is none. */
export function prefixEnd(prefix: Uint8Array): Uint8Array | undefined {
  const out = new Uint8Array(prefix);
  for (let at = out.length - 1; at >= 0; at--) {
    if (out[at] !== 0xff) {
      out[at]! += 1;
      return out.subarray(0, at + 1);
    }
  }
  return undefined;
}

/** Byte strings: comparison, joining and their text forms. */

/** Order of two byte strings, as a sort function wants it. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
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
  return new Uint8Array(Buffer.from(key, "latin1"));
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** An unsigned 64-bit number, big-endian, so that it sorts as the number does. */
export function u64be(value: number | bigint): Uint8Array {
  const out = new Uint8Array(8);
  const view = new DataView(out.buffer);
  if (typeof value === "bigint") view.setBigUint64(0, value);
  else {
    view.setUint32(0, Math.floor(value / 2 ** 32));
    view.setUint32(4, value % 2 ** 32);
  }
  return out;
}

export function readU64be(bytes: Uint8Array, offset = 0): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(offset);
}

/** A sequence number or count, which this project keeps below 2^53. */
export function readSeqBe(bytes: Uint8Array, offset = 0): number {
  const at = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return at.getUint32(offset) * 2 ** 32 + at.getUint32(offset + 4);
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

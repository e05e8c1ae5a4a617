/** Frames whose content tells where they belong. */

export function count(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}

export function bytes(...values: number[]): Uint8Array {
  return new Uint8Array(values);
}

export function numbered(value: number): Uint8Array {
  const out = Buffer.alloc(4 + (value % 60));
  out.writeUInt32BE(value, 0);
  return new Uint8Array(out);
}

export function numberOf(frame: Uint8Array): number {
  return Buffer.from(frame).readUInt32BE(0);
}

export function patterned(length: number, seed = 0): Uint8Array {
  const out = new Uint8Array(length);
  for (let at = 0; at < length; at++) out[at] = (at * 31 + (at >> 8) + seed) & 0xff;
  return out;
}

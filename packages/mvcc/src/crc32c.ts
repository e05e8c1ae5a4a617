/** CRC-32C (Castagnoli), which Node has no own of. Takes four bytes at a time, by four tables. */

/** Reversed, as the bits come. */
const POLYNOMIAL = 0x82f6_3b78;
const TABLE_LENGTH = 256;

const tables = makeTables();

/** `before` is the sum of the bytes before these; 0 for none. */
export function crc32c(bytes: Uint8Array, before: number): number {
  const [t0, t1, t2, t3] = tables;
  const whole = bytes.length - (bytes.length % 4);
  let crc = ~before;
  let at = 0;
  for (; at < whole; at += 4) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc = t3[crc & 0xff]! ^ t2[(crc >>> 8) & 0xff]! ^ t1[(crc >>> 16) & 0xff]! ^ t0[crc >>> 24]!;
  }
  for (; at < bytes.length; at++) crc = t0[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

type Tables = readonly [Int32Array, Int32Array, Int32Array, Int32Array];

/** The nth is for a byte with n more behind it. */
function makeTables(): Tables {
  const first = Int32Array.from({ length: TABLE_LENGTH }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ POLYNOMIAL;
    return crc;
  });
  const after = (table: Int32Array): Int32Array => table.map((crc) => first[crc & 0xff]! ^ (crc >>> 8));
  const [second, third] = [after(first), after(after(first))];
  return [first, second, third, after(third)];
}

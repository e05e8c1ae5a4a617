/**
 * Numbers as Negentropy writes them: digits to base 128, the most significant first, the high bit set on all
 * but the last, no leading zero digit. (Not LEB128, which starts at the other end.)
 */
export function encodeVarint(value: number | bigint): Uint8Array {
  const digits: number[] = [];
  let rest = BigInt(value);
  do {
    digits.push(Number(rest & 0x7fn) | (digits.length === 0 ? 0 : 0x80));
    rest >>= 7n;
  } while (rest > 0n);
  return Uint8Array.from(digits.reverse());
}

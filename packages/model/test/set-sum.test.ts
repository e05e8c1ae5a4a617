import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SET_SUM_BYTES, SetSum, type Hash } from "../src/index.ts";

/** Also those whose words carry. */
const hash = fc.oneof(
  fc.uint8Array({ minLength: 32, maxLength: 32 }),
  fc.constantFrom(0, 1, 0x80, 0xff).map((byte) => new Uint8Array(32).fill(byte)),
) as fc.Arbitrary<Uint8Array> as fc.Arbitrary<Hash>;
const hashes = fc.array(hash, { maxLength: 20 });

function sumOf(items: readonly Hash[]): SetSum {
  const sum = new SetSum();
  for (const item of items) sum.add(item);
  return sum;
}

/** Little-endian, modulo 2^256. */
function naive(items: readonly Hash[]): Uint8Array {
  let total = 0n;
  for (const item of items)
    for (let at = 31, value = 0n; at >= 0; at--) {
      value = (value << 8n) | BigInt(item[at]!);
      if (at === 0) total += value;
    }
  return Uint8Array.from({ length: 32 }, (_, at) => Number((total >> BigInt(8 * at)) & 0xffn));
}

describe("a set sum", () => {
  it("is the sum of the hashes modulo 2^256, and their count", () => {
    fc.assert(
      fc.property(hashes, (items) => {
        expect(sumOf(items).sum()).toEqual(naive(items));
        expect(sumOf(items).count).toBe(items.length);
      }),
    );
  });

  it("does not depend on the order, and removing undoes adding", () => {
    fc.assert(
      fc.property(hashes, hashes, (kept, gone) => {
        const sum = sumOf([...gone, ...kept.toReversed()]);
        expect(sum.equals(sumOf([...kept, ...gone]))).toBe(true);
        for (const item of gone) sum.remove(item);
        expect(sum.equals(sumOf(kept))).toBe(true);
        expect(sum.encode()).toEqual(sumOf(kept).encode());
      }),
    );
  });

  it("decodes to what was encoded, and nothing of another length", () => {
    fc.assert(
      fc.property(hashes, (items) => {
        const sum = sumOf(items);
        const again = SetSum.decode(sum.encode())!;
        expect(again.equals(sum)).toBe(true);
        expect(SetSum.decode(sum.encode().subarray(1))).toBeUndefined();
        expect(sum.encode()).toHaveLength(SET_SUM_BYTES);
      }),
    );
  });

  it("that was cloned goes its own way", () => {
    const one = sumOf([new Uint8Array(32).fill(3) as Hash]);
    const two = one.clone();
    two.add(new Uint8Array(32).fill(4) as Hash);
    expect([one.count, two.count, one.equals(two)]).toEqual([1, 2, false]);
  });

  it("is not decoded where its count is one that no set has", () => {
    const encoded = new SetSum().encode();
    expect(SetSum.decode(encoded.with(1, 0x1f).fill(0xff, 2, 8))!.count).toBe(Number.MAX_SAFE_INTEGER);
    expect(SetSum.decode(encoded.with(1, 0x20))).toBeUndefined();
    expect(SetSum.decode(encoded.fill(0xff))).toBeUndefined();
  });

  it("tells sets apart whose sums are the same but not their counts", () => {
    expect(sumOf([new Uint8Array(32) as Hash]).equals(new SetSum())).toBe(false);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bytesFromKey,
  bytesKey,
  compareBytes,
  concatBytes,
  equalBytes,
  formatStoreId,
  fromHex,
  prefixEnd,
  readSeqBe,
  readU64be,
  sha256,
  sha256All,
  sha256Parts,
  storeIdOf,
  toHex,
  u64be,
  utf8,
  type Hash,
} from "../src/index.ts";

const bytes = fc.uint8Array({ maxLength: 12 });

describe("byte strings", () => {
  it("order as their texts do, and come back from them", () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(
          bytesKey(a) < bytesKey(b) ? -1 : bytesKey(a) > bytesKey(b) ? 1 : 0,
        );
        expect(equalBytes(a, b)).toBe(bytesKey(a) === bytesKey(b));
        expect([bytesFromKey(bytesKey(a)), fromHex(toHex(a))]).toEqual([a, a]);
      }),
    );
  });

  it("lie below the end of a prefix if and only if they begin with it or sort before it", () => {
    fc.assert(
      fc.property(bytes, bytes, (prefix, other) => {
        const end = prefixEnd(prefix);
        const begins = equalBytes(other.subarray(0, prefix.length), prefix);
        if (end === undefined) expect(prefix.every((byte) => byte === 0xff)).toBe(true);
        else expect(compareBytes(other, end) < 0).toBe(begins || compareBytes(other, prefix) < 0);
      }),
    );
  });

  it("hold numbers that sort as numbers do", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
        expect(readSeqBe(u64be(a))).toBe(a);
        expect(readU64be(concatBytes(utf8("x"), u64be(a)), 1)).toBe(BigInt(a));
        expect(Math.sign(compareBytes(u64be(a), u64be(b)))).toBe(Math.sign(a - b));
      }),
    );
  });

  it.each(["0", "zz", "0x", " 00"])("are not read from %s", (text) => {
    expect(fromHex(text)).toBeUndefined();
  });

  it("have one hash, in however many parts they are hashed", () => {
    const parts = Array.from({ length: 200_000 }, (_, n) => Uint8Array.of(n));
    expect(sha256All(parts)).toEqual(sha256(Uint8Array.from({ length: 200_000 }, (_, n) => n)));
    expect(sha256Parts(utf8("a"), utf8("bc"))).toEqual(sha256(utf8("abc")));
  });
});

describe("a store id", () => {
  it("is a UUID of version 8 from the first bytes of the genesis hash", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (hash) => {
        const id = storeIdOf(hash as Hash);
        expect(formatStoreId(id)).toMatch(
          /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
        );
        expect([id[0], id[15], id[6]! & 0x0f, id[8]! & 0x3f]).toEqual([
          hash[0],
          hash[15],
          hash[6]! & 0x0f,
          hash[8]! & 0x3f,
        ]);
      }),
    );
    expect(formatStoreId(storeIdOf(new Uint8Array(32).fill(0xff) as Hash))).toBe(
      "ffffffff-ffff-8fff-bfff-ffffffffffff",
    );
  });
});

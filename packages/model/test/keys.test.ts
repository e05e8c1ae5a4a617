import { createHash, generateKeyPairSync } from "node:crypto";
import { Point, verify } from "@noble/ed25519";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  concatBytes,
  fromHex,
  isIdentityKey,
  sha256,
  signerFromSeed,
  signIntention,
  toHex,
  utf8,
  verifyIntention,
  verifySignature,
  type PubKey,
} from "../src/index.ts";

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const message = utf8("Zcash");

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn));
}

function number(bytes: Uint8Array): bigint {
  return [...bytes].reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

const challenge = (...parts: Uint8Array[]) =>
  number(
    createHash("sha512")
      .update(concatBytes(...parts))
      .digest(),
  ) % L;

/** Each point of order 1, 2, 4 and 8, and then every other way to write it that decoders disagree about. */
const torsion: Point[] = (() => {
  const eighth = fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")!;
  const point = Point.fromBytes(new Uint8Array(eighth), true);
  const points = [Point.ZERO];
  for (let n = 1; n < 8; n++) points.push(points.at(-1)!.add(point));
  return points;
})();
const smallOrder: Uint8Array[] = (() => {
  const canonical = torsion.map((point) => point.toBytes());
  const found = new Map<string, Uint8Array>(canonical.map((bytes) => [toHex(bytes), bytes]));
  // y + p where that fits, and the sign of x where x is 0.
  for (const bytes of canonical) {
    const sign = bytes[31]! & 0x80;
    const y = number(bytes) & (2n ** 255n - 1n);
    for (const value of [y, y + P]) {
      if (value >= 2n ** 255n) continue;
      for (const bit of y === 1n || y === P - 1n ? [0, 0x80] : [sign]) {
        const other = littleEndian(value);
        other[31]! |= bit;
        found.set(toHex(other), other);
      }
    }
  }
  return [...found.values()];
})();

const zero = new Uint8Array(32);
const accepts = (key: Uint8Array, signature: Uint8Array, said = message) =>
  verifySignature(key as PubKey, said, signature);

describe("a signature is judged by ZIP215", () => {
  it("which accepts all 196 of its own edge cases: small-order A and R, each however it is written, and S = 0", () => {
    expect(smallOrder).toHaveLength(14);
    for (const key of smallOrder)
      for (const r of smallOrder) expect(accepts(key, concatBytes(r, zero))).toBe(true);
  });

  it("which refuses S + L, and S of L", () => {
    const signer = signerFromSeed(sha256(utf8("seed")));
    const signature = signer.sign(message);
    expect(accepts(signer.publicKey, signature)).toBe(true);
    for (let times = 1n; times < 8n; times++) {
      const s = number(signature.subarray(32)) + times * L;
      if (s < 2n ** 256n)
        expect(accepts(signer.publicKey, concatBytes(signature.subarray(0, 32), littleEndian(s)))).toBe(
          false,
        );
    }
    expect(accepts(smallOrder[0]!, concatBytes(smallOrder[0]!, littleEndian(L)))).toBe(false);
    expect(accepts(smallOrder[0]!, concatBytes(smallOrder[0]!, littleEndian(L - 1n)))).toBe(false);
  });

  it("which takes points of mixed order for what they are but for their torsion", () => {
    const secret = 12345n;
    const nonce = 6789n;
    for (const inKey of torsion) {
      for (const inNonce of [torsion[0]!, torsion[1]!, torsion[4]!]) {
        const key = Point.BASE.multiply(secret).add(inKey).toBytes();
        const r = Point.BASE.multiply(nonce).add(inNonce).toBytes();
        const s = (nonce + challenge(r, key, message) * secret) % L;
        const signature = concatBytes(r, littleEndian(s));
        expect(accepts(key, signature)).toBe(true);
        expect(accepts(key, concatBytes(r, littleEndian((s + 1n) % L)))).toBe(false);
      }
    }
  });

  it("which refuses what is no point, and what has not the length of a key or signature", () => {
    const noPoint = littleEndian(2n);
    expect(() => Point.fromBytes(noPoint, true)).toThrow();
    const signature = concatBytes(smallOrder[0]!, zero);
    expect(accepts(noPoint, signature)).toBe(false);
    expect(accepts(smallOrder[0]!, concatBytes(noPoint, zero))).toBe(false);
    for (const length of [0, 31, 33]) expect(accepts(new Uint8Array(length), signature)).toBe(false);
    for (const length of [0, 63, 65]) expect(accepts(smallOrder[0]!, new Uint8Array(length))).toBe(false);
  });

  it("the same with and without the native library, whatever the bytes; and nothing throws", () => {
    const signer = signerFromSeed(sha256(utf8("seed")));
    const good = signer.sign(message);
    const half = fc.oneof(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.constantFrom(
        ...smallOrder,
        signer.publicKey,
        good.subarray(0, 32),
        good.subarray(32),
        zero,
        littleEndian(L),
      ),
    );
    fc.assert(
      fc.property(half, half, half, (key, r, s) => {
        const signature = concatBytes(r, s);
        const said = accepts(key, signature);
        let expected = false;
        try {
          expected = verify(signature, message, key, { zip215: true });
        } catch {
          // Is no.
        }
        expect(said).toBe(expected);
      }),
      { numRuns: 150 },
    );
  });

  it("over the message, the key and every bit of the signature", () => {
    const signer = signerFromSeed(sha256(utf8("seed")));
    const signature = signer.sign(message);
    expect(accepts(signer.publicKey, signature, utf8("zcash"))).toBe(false);
    expect(accepts(signerFromSeed(sha256(utf8("other"))).publicKey, signature)).toBe(false);
    for (let at = 0; at < 64; at++) {
      const other = new Uint8Array(signature);
      other[at]! ^= 1 << (at % 8);
      expect(accepts(signer.publicKey, other)).toBe(false);
    }
  });
});

describe("an identity", () => {
  it("is none of small order, none that is written in a second way, and no non-point", () => {
    for (const key of smallOrder) expect(isIdentityKey(key)).toBe(false);
    for (let y = P; y < 2n ** 255n; y++) {
      for (const sign of [0, 0x80]) {
        const bytes = littleEndian(y);
        bytes[31]! |= sign;
        expect(isIdentityKey(bytes)).toBe(false);
      }
    }
    for (const bad of [new Uint8Array(0), new Uint8Array(31), new Uint8Array(33), littleEndian(2n)])
      expect(isIdentityKey(bad)).toBe(false);
  });

  it("is every key that is made from a seed, by either library", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (seed) => {
        const { publicKey } = signerFromSeed(seed);
        expect(isIdentityKey(publicKey)).toBe(true);
        expect(publicKey).toHaveLength(32);
      }),
      { numRuns: 30 },
    );
    const der = generateKeyPairSync("ed25519").publicKey.export({ format: "der", type: "spki" });
    expect(isIdentityKey(new Uint8Array(der.subarray(-32)))).toBe(true);
  });

  it("has the key and the signature that RFC 8032 gives for its seed", () => {
    const signer = signerFromSeed(
      fromHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")!,
    );
    expect(toHex(signer.publicKey)).toBe("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    expect(toHex(signer.sign(new Uint8Array(0)))).toBe(
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    );
  });

  it("signs an intention so that it counts for nothing else", () => {
    const signer = signerFromSeed(sha256(utf8("seed")));
    const hash = sha256(utf8("body"));
    const signature = signIntention(signer, hash);
    expect(verifyIntention(signer.publicKey, hash, signature)).toBe(true);
    expect(verifySignature(signer.publicKey, concatBytes(utf8("lattice/intention/1"), hash), signature)).toBe(
      true,
    );
    expect(verifySignature(signer.publicKey, hash, signature)).toBe(false);
    expect(verifyIntention(signer.publicKey, hash, signer.sign(hash))).toBe(false);
  });
});

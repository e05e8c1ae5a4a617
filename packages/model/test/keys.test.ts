import { generateKeyPairSync } from "node:crypto";
import { verify } from "@noble/ed25519";
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
import { L, littleEndian, P, smallOrder } from "./edge-signatures.ts";

const message = utf8("Zcash");
const zero = new Uint8Array(32);
const accepts = (key: Uint8Array, signature: Uint8Array, said = message) =>
  verifySignature(key as PubKey, said, signature);

describe("a signature is judged by ZIP215", () => {
  it("the same with and without the native library, whatever the bytes; and nothing throws", () => {
    const signer = signerFromSeed(sha256(utf8("seed")));
    const good = signer.sign(message);
    const half = fc.oneof(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.constantFrom(
        ...smallOrder(),
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
    for (const key of smallOrder()) expect(isIdentityKey(key)).toBe(false);
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

/**
 * What implementations of Ed25519 disagree about: points of small and of mixed order, points that are written in a second
 * way, scalars out of range. `vectors/signatures.json` is made of it.
 */
import { createHash } from "node:crypto";
import { Point } from "@noble/ed25519";
import { concatBytes, fromHex, sha256, signerFromSeed, toHex, utf8 } from "../src/index.ts";

export const P = 2n ** 255n - 19n;
export const L = 2n ** 252n + 27742317777372353535851937790883648493n;

export interface EdgeCase {
  readonly name: string;
  readonly key: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

const message = utf8("Zcash");
const zero = new Uint8Array(32);
/** The y of no point. */
const noPoint = littleEndian(2n);

export function edgeCases(): EdgeCase[] {
  return [...rfcCases(), ...smallOrderCases(), ...scalarCases(), ...mixedOrderCases(), ...brokenCases()];
}

/** Keys that may or may not be somebody's identity. */
export function edgeKeys(): { name: string; key: Uint8Array }[] {
  const written = Array.from({ length: 19 }, (_, at) => P + BigInt(at)).flatMap((y) =>
    [0, 0x80].map((sign) => ({ name: `y = p + ${y - P}, sign ${sign >> 7}`, key: withSign(y, sign) })),
  );
  const { publicKey } = signerFromSeed(sha256(utf8("seed")));
  return [
    { name: "of a seed", key: publicKey },
    { name: "of mixed order", key: Point.fromBytes(publicKey).add(torsion()[1]!).toBytes() },
    ...smallOrder().map((key, at) => ({ name: `small order ${at}`, key })),
    ...written,
    { name: "no point", key: noPoint },
    ...[0, 31, 33].map((length) => ({ name: `${length} bytes`, key: new Uint8Array(length).fill(1) })),
  ];
}

export function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn));
}

function number(bytes: Uint8Array): bigint {
  return [...bytes].reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function withSign(y: bigint, sign: number): Uint8Array {
  const bytes = littleEndian(y);
  bytes[31]! |= sign;
  return bytes;
}

/** The points of order 1, 2, 4 and 8. */
function torsion(): Point[] {
  const eighth = fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")!;
  const point = Point.fromBytes(eighth, true);
  const points = [Point.ZERO];
  for (let n = 1; n < 8; n++) points.push(points.at(-1)!.add(point));
  return points;
}

/** Each of them, and then every other way to write it that decoders disagree about. */
export function smallOrder(): Uint8Array[] {
  const canonical = torsion().map((point) => point.toBytes());
  const found = new Map<string, Uint8Array>(canonical.map((bytes) => [toHex(bytes), bytes]));
  // y + p where that fits, and the sign of x where x is 0.
  for (const bytes of canonical) {
    const sign = bytes[31]! & 0x80;
    const y = number(bytes) & (2n ** 255n - 1n);
    for (const value of [y, y + P]) {
      if (value >= 2n ** 255n) continue;
      for (const bit of y === 1n || y === P - 1n ? [0, 0x80] : [sign]) {
        const other = withSign(value, bit);
        found.set(toHex(other), other);
      }
    }
  }
  return [...found.values()];
}

/** RFC 8032, section 7.1. */
function rfcCases(): EdgeCase[] {
  const seeds = [
    ["9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", ""],
    ["4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "72"],
    ["c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "af82"],
  ] as const;
  return seeds.map(([seed, said], at) => {
    const signer = signerFromSeed(fromHex(seed)!);
    const bytes = fromHex(said)!;
    return {
      name: `RFC 8032, test ${at + 1}`,
      key: signer.publicKey,
      message: bytes,
      signature: signer.sign(bytes),
    };
  });
}

/** All 196 that ZIP 215 lists: small-order A and R, each however it is written, and S = 0. */
function smallOrderCases(): EdgeCase[] {
  const points = smallOrder();
  return points.flatMap((key, keyAt) =>
    points.map((r, at) => ({
      name: `small order ${keyAt} as key, ${at} as R, S = 0`,
      key,
      message,
      signature: concatBytes(r, zero),
    })),
  );
}

/** S + n L is the same scalar, and is refused. */
function scalarCases(): EdgeCase[] {
  const signer = signerFromSeed(sha256(utf8("seed")));
  const signature = signer.sign(message);
  const [r, s] = [signature.subarray(0, 32), number(signature.subarray(32))];
  const others = [0n, 1n, 2n, 7n, 14n]
    .map((times) => ({ times, value: s + times * L }))
    .filter(({ value }) => value < 2n ** 256n);
  const [point] = smallOrder() as [Uint8Array];
  return [
    ...others.map(({ times, value }) => ({
      name: `S + ${times} L`,
      key: signer.publicKey,
      message,
      signature: concatBytes(r, littleEndian(value)),
    })),
    ...[L - 1n, L, L + 1n].map((value) => ({
      name: `small order as key and R, S = L ${value < L ? "- 1" : value > L ? "+ 1" : ""}`.trim(),
      key: point,
      message,
      signature: concatBytes(point, littleEndian(value)),
    })),
  ];
}

/** Valid but for the torsion, which only a verification with the cofactor leaves out; and, with S + 1, never valid. */
function mixedOrderCases(): EdgeCase[] {
  const secret = 12345n;
  const nonce = 6789n;
  const points = torsion();
  return points.flatMap((inKey, keyAt) =>
    [0, 1, 4].flatMap((nonceAt) => {
      const key = Point.BASE.multiply(secret).add(inKey).toBytes();
      const r = Point.BASE.multiply(nonce).add(points[nonceAt]!).toBytes();
      const s = (nonce + challenge(r, key) * secret) % L;
      return [0n, 1n].map((more) => ({
        name: `torsion ${keyAt} in the key, ${nonceAt} in R${more === 0n ? "" : ", S + 1"}`,
        key,
        message,
        signature: concatBytes(r, littleEndian((s + more) % L)),
      }));
    }),
  );
}

function challenge(r: Uint8Array, key: Uint8Array): bigint {
  return (
    number(
      createHash("sha512")
        .update(concatBytes(r, key, message))
        .digest(),
    ) % L
  );
}

function brokenCases(): EdgeCase[] {
  const signer = signerFromSeed(sha256(utf8("seed")));
  const good = { key: signer.publicKey as Uint8Array, message, signature: signer.sign(message) };
  const [point] = smallOrder() as [Uint8Array];
  return [
    { ...good, name: "another message", message: utf8("zcash") },
    { ...good, name: "another key", key: signerFromSeed(sha256(utf8("other"))).publicKey },
    { name: "no point as key", key: noPoint, message, signature: concatBytes(point, zero) },
    { name: "no point as R", key: point, message, signature: concatBytes(noPoint, zero) },
    ...[0, 31, 33].map((length) => ({
      ...good,
      name: `a key of ${length} bytes`,
      key: new Uint8Array(length),
    })),
    ...[0, 63, 65].map((length) => ({
      ...good,
      name: `a signature of ${length} bytes`,
      signature: concatBytes(good.signature, zero).subarray(0, length),
    })),
  ];
}

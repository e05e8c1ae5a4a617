/**
 * Ed25519 identities and the verdict on a signature (weaver.md §1).
 *
 * Validity is ZIP215, which is the same everywhere by definition. The native library is asked first:
 * it never accepts what ZIP215 refuses, so its yes is final; where it says no, the slower
 * implementation decides. Native libraries disagree among themselves on the edge cases.
 */
import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from "node:crypto";
import { hashes, Point, verify as nobleVerify } from "@noble/ed25519";
import { bytesKey, toHex } from "./bytes.ts";

declare const pubKeyBrand: unique symbol;
/** An Ed25519 public key, 32 bytes: names an author, a node and a peer. */
export type PubKey = Uint8Array & { readonly [pubKeyBrand]: true };

export const PUBKEY_BYTES = 32;
export const SEED_BYTES = 32;
export const SIGNATURE_BYTES = 64;

const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI_HEAD = Buffer.from("302a300506032b6570032100", "hex");

hashes.sha512 = (message: Uint8Array) => new Uint8Array(createHash("sha512").update(message).digest());

/** Signs for one identity; the seed does not leave it. */
export interface Signer {
  readonly publicKey: PubKey;
  sign(message: Uint8Array): Uint8Array;
}

export function signerFromSeed(seed: Uint8Array): Signer {
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_HEAD, seed]),
    format: "der",
    type: "pkcs8",
  });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return {
    publicKey: new Uint8Array(spki.subarray(SPKI_HEAD.length)) as PubKey,
    sign: (message) => new Uint8Array(sign(null, message, key)),
  };
}

/** ZIP215 verdict over untrusted input; never throws. */
export function verifySignature(key: PubKey, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES || key.length !== PUBKEY_BYTES) return false;
  const native = nativeKey(key);
  if (native !== undefined && verify(null, message, native, signature)) return true;
  try {
    return nobleVerify(signature, message, key, { zip215: true });
  } catch {
    return false;
  }
}

/** How many keys stay parsed; members of a team, so few. */
const KEY_CACHE_COUNT_MAX = 1024;
const parsedKeys = new Map<string, KeyObject | undefined>();

function nativeKey(key: PubKey): KeyObject | undefined {
  const name = bytesKey(key);
  if (parsedKeys.has(name)) return parsedKeys.get(name);
  let parsed: KeyObject | undefined;
  try {
    parsed = createPublicKey({ key: Buffer.concat([SPKI_HEAD, key]), format: "der", type: "spki" });
  } catch {
    parsed = undefined;
  }
  if (parsedKeys.size >= KEY_CACHE_COUNT_MAX) parsedKeys.clear();
  parsedKeys.set(name, parsed);
  return parsed;
}

/**
 * Whether a key may be somebody's identity: a point on the curve in its one canonical encoding, and not
 * of small order (anybody could sign for those).
 */
export function isIdentityKey(key: Uint8Array): key is PubKey {
  if (key.length !== PUBKEY_BYTES) return false;
  try {
    return !Point.fromBytes(key, false).isSmallOrder();
  } catch {
    return false;
  }
}

export function formatPubKey(key: PubKey): string {
  return toHex(key);
}

/** Identities from names: the same name, the same key. Nobody's secret, so for tests only. */
import { sha256, signerFromSeed, utf8, type PubKey, type Signer } from "@lattice/model";

/** An Ed25519 seed, 32 bytes. */
export function seedNamed(name: string): Uint8Array {
  return sha256(utf8(name));
}

export function signerNamed(name: string): Signer {
  return signerFromSeed(seedNamed(name));
}

const AUTHORS_KEPT_MAX = 256;
const authors = new Map<string, PubKey>();

/** The key of `signerNamed(name)`. */
export function authorNamed(name: string): PubKey {
  const known = authors.get(name);
  if (known !== undefined) return known;
  const key = signerNamed(name).publicKey;
  if (authors.size >= AUTHORS_KEPT_MAX) authors.clear();
  authors.set(name, key);
  return key;
}

/**
 * An identity as text that a person can keep or carry to another machine, in the clear or sealed with a passphrase:
 *
 *     lattice identity 1                      lattice identity 1
 *     public key: <64 hex digits>             public key: <64 hex digits>
 *     seed: <64 hex digits>                   scrypt: ln=17,r=8,p=1 salt=<32 hex digits>
 *                                             sealed seed: <96 hex digits>
 *
 * Sealed is with ChaCha20-Poly1305, whose key scrypt makes of the passphrase; the lines above are authenticated with it.
 *
 * Invariants
 *  1. A seed that comes out is that of the public key, whatever was changed in the text.
 *  2. What a text says of scrypt costs no more than `PASSPHRASE_COST_MAX`.
 */
import { createCipheriv, createDecipheriv, scryptSync } from "node:crypto";
import {
  equalBytes,
  fromHex,
  LatticeError,
  SEED_BYTES,
  signerFromSeed,
  toHex,
  utf8,
  type PubKey,
  type Random,
} from "@lattice/model";
import { PASSPHRASE_COST, PASSPHRASE_COST_MAX } from "./limits.ts";

const CLEAR = /^lattice identity 1\npublic key: ([0-9a-f]{64})\nseed: ([0-9a-f]{64})$/;
const SEALED =
  /^(lattice identity 1\npublic key: ([0-9a-f]{64})\nscrypt: ln=([1-9]\d?),r=8,p=1 salt=([0-9a-f]{32})\n)sealed seed: ([0-9a-f]{96})$/;

const CIPHER = "chacha20-poly1305";
const KEY_BYTES = 32;
const SALT_BYTES = 16;
const TAG_BYTES = 16;
const BLOCK_SIZE = 8;
/** The same each time: each text has a salt of its own, and so a key that seals this one seed. */
const NONCE = new Uint8Array(12);

export type ExportedIdentity = ClearIdentity | SealedIdentity;

interface ClearIdentity {
  readonly publicKey: PubKey;
  readonly seed: Uint8Array;
}

export interface SealedIdentity {
  readonly publicKey: PubKey;
  /** The lines above the seed. */
  readonly head: string;
  /** Base-2 logarithm of scrypt's N. */
  readonly cost: number;
  readonly salt: Uint8Array;
  /** The seed, encrypted, and the tag. */
  readonly box: Uint8Array;
}

interface Sealing {
  readonly passphrase: string;
  readonly random: Random;
  /** Default: `PASSPHRASE_COST`. */
  readonly cost?: number;
}

export function encodeIdentity(seed: Uint8Array, sealing?: Sealing): string {
  const head = `lattice identity 1\npublic key: ${toHex(signerFromSeed(seed).publicKey)}\n`;
  return sealing === undefined ? `${head}seed: ${toHex(seed)}\n` : sealed(head, seed, sealing);
}

function sealed(above: string, seed: Uint8Array, sealing: Sealing): string {
  const { passphrase, random, cost = PASSPHRASE_COST } = sealing;
  const salt = random.bytes(SALT_BYTES);
  const head = `${above}scrypt: ln=${cost},r=${BLOCK_SIZE},p=1 salt=${toHex(salt)}\n`;
  const key = keyOf(passphrase, { cost, salt });
  const cipher = createCipheriv(CIPHER, key, NONCE, { authTagLength: TAG_BYTES });
  cipher.setAAD(utf8(head), { plaintextLength: SEED_BYTES });
  const box = Buffer.concat([cipher.update(seed), cipher.final(), cipher.getAuthTag()]);
  return `${head}sealed seed: ${toHex(box)}\n`;
}

/** Throws where the bytes are none: `invalid-argument`, `unsupported-schema`, `corrupt` or `too-large`. */
export function decodeIdentity(bytes: Uint8Array): ExportedIdentity {
  // As it comes back from a letter, a clipboard or another system.
  const text = new TextDecoder().decode(bytes).replaceAll("\r\n", "\n").trimEnd();
  const clear = CLEAR.exec(text);
  if (clear !== null) {
    const [, publicKey = "", seed = ""] = clear;
    return whole({ publicKey: bytesOf(publicKey) as PubKey, seed: bytesOf(seed) });
  }
  const match = SEALED.exec(text);
  if (match === null) throw notOne(text);
  const [, head = "", publicKey = "", cost = "", salt = "", box = ""] = match;
  if (Number(cost) > PASSPHRASE_COST_MAX) {
    throw new LatticeError("too-large", `it takes too much memory to open (ln=${cost}): export it anew`);
  }
  return {
    publicKey: bytesOf(publicKey) as PubKey,
    head,
    cost: Number(cost),
    salt: bytesOf(salt),
    box: bytesOf(box),
  };
}

/** The seed. Throws `unauthenticated` where the passphrase is another one; a text that was changed looks the same. */
export function unsealSeed(identity: SealedIdentity, passphrase: string): Uint8Array {
  const { publicKey, head, box } = identity;
  const key = keyOf(passphrase, identity);
  const decipher = createDecipheriv(CIPHER, key, NONCE, { authTagLength: TAG_BYTES });
  decipher.setAAD(utf8(head), { plaintextLength: SEED_BYTES }).setAuthTag(box.subarray(SEED_BYTES));
  const seed = new Uint8Array(decipher.update(box.subarray(0, SEED_BYTES)));
  try {
    decipher.final();
  } catch (error) {
    throw new LatticeError("unauthenticated", "the passphrase is wrong, or the file is damaged", {
      cause: error,
    });
  }
  return whole({ publicKey, seed }).seed;
}

function whole(identity: ClearIdentity): ClearIdentity {
  if (equalBytes(signerFromSeed(identity.seed).publicKey, identity.publicKey)) return identity;
  throw new LatticeError("corrupt", "it is damaged: the seed is not that of the public key");
}

function notOne(text: string): LatticeError {
  const version = /^lattice identity (\d{1,9})$/.exec(text.split("\n", 1)[0]!)?.[1];
  if (version === undefined) return new LatticeError("invalid-argument", "it is no exported identity");
  if (version === "1") return new LatticeError("corrupt", "it is damaged: take another copy of it");
  return new LatticeError(
    "unsupported-schema",
    `it is of version ${version}: update this program to read it`,
  );
}

function keyOf(passphrase: string, { cost, salt }: Pick<SealedIdentity, "cost" | "salt">): Uint8Array {
  const N = 2 ** cost;
  // What it takes, with room for what it takes beside.
  const options = { N, r: BLOCK_SIZE, p: 1, maxmem: 256 * (N + 2) * BLOCK_SIZE };
  // Keyboards and systems differ in how they write one and the same letter.
  return scryptSync(passphrase.normalize("NFKC"), salt, KEY_BYTES, options);
}

function bytesOf(hex: string): Uint8Array {
  return fromHex(hex)!;
}

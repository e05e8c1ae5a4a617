/** The identity file: a seed of 32 bytes that only its owner may read. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { LatticeError, SEED_BYTES, signerFromSeed, systemRandom, toHex, type Signer } from "@lattice/model";

/** The seed in `path`, made if there is no such file. Throws `failed-precondition` where it is not fit for use. */
export function loadIdentitySeed(path: string): Uint8Array {
  if (!existsSync(path)) return createIdentity(path);
  const { mode, size } = statSync(path);
  if ((mode & 0o077) !== 0) {
    throw new LatticeError(
      "failed-precondition",
      `${path} can be read by others (mode ${(mode & 0o777).toString(8)}): run chmod 600 on it`,
    );
  }
  if (size !== SEED_BYTES) {
    throw new LatticeError(
      "failed-precondition",
      `${path} has ${size} bytes, a key has ${SEED_BYTES}: restore it from a backup, or move it away to begin with a new identity`,
    );
  }
  return new Uint8Array(readFileSync(path));
}

export function loadIdentity(path: string): Signer {
  return signerFromSeed(loadIdentitySeed(path));
}

/** Written aside and then put in place, so that a crash leaves a whole key or none, and of two processes one wins. */
function createIdentity(path: string): Uint8Array {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const seed = systemRandom.bytes(SEED_BYTES);
  const aside = `${path}.${toHex(systemRandom.bytes(4))}`;
  const file = openSync(aside, "w", 0o600);
  try {
    writeSync(file, seed);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(aside, path);
    return seed;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return loadIdentitySeed(path);
  } finally {
    rmSync(aside);
  }
}

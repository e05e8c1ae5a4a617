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
import { syncDirectory } from "@lattice/storage";

/** The seed in `path`, made if there is no such file. Throws `failed-precondition` where it is not fit for use. */
export function loadIdentitySeed(path: string): Uint8Array {
  return readIdentitySeed(path) ?? createIdentity(path);
}

/** Undefined where there is no such file. Throws as `loadIdentitySeed` does. */
export function readIdentitySeed(path: string): Uint8Array | undefined {
  if (!existsSync(path)) return undefined;
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

function createIdentity(path: string): Uint8Array {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const seed = systemRandom.bytes(SEED_BYTES);
  return placeIdentitySeed(path, seed) ? seed : loadIdentitySeed(path);
}

/**
 * Written aside and then put in place, so that a crash leaves a whole key or none, and of two processes one wins. False
 * where there is a file already, which stays as it is.
 */
export function placeIdentitySeed(path: string, seed: Uint8Array): boolean {
  const aside = `${path}.${toHex(systemRandom.bytes(4))}`;
  try {
    writeForOwner(aside, seed);
    linkSync(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(aside, { force: true });
  }
  syncDirectory(dirname(path));
  return true;
}

function writeForOwner(path: string, bytes: Uint8Array): void {
  const file = openSync(path, "w", 0o600);
  try {
    writeSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** The identity that lies in a data directory, for who keeps it or moves it: no node is needed for that. */
import { placeIdentitySeed, readIdentitySeed } from "@lattice/kernel";
import { LatticeError, signerFromSeed, toHex } from "@lattice/model";
import { claimDirectory } from "@lattice/storage";
import { dataPaths, LOCK_NAME } from "./data-directory.ts";

export { decodeIdentity, encodeIdentity, unsealSeed } from "@lattice/kernel";

/** The seed, also while a node runs there. Throws `not-found` where there is none. */
export function readIdentity(dataDirectory: string): Uint8Array {
  const seed = readIdentitySeed(dataPaths(dataDirectory).identity);
  if (seed !== undefined) return seed;
  throw new LatticeError(
    "not-found",
    `there is no identity in ${dataDirectory}: a node makes one at its first start; --data names another directory`,
  );
}

/**
 * On disk when this returns. Throws `already-exists` where the directory has one, `in-use` where it has an owner; it is made
 * if there is none.
 */
export function putIdentity(dataDirectory: string, seed: Uint8Array): void {
  const whatToDo = "stop it, or name a directory without an identity with --data";
  const lock = claimDirectory({ directory: dataDirectory, lock: LOCK_NAME, whatToDo });
  try {
    const { identity } = dataPaths(dataDirectory);
    if (placeIdentitySeed(identity, seed)) return;
    const key = toHex(signerFromSeed(readIdentity(dataDirectory)).publicKey);
    throw new LatticeError(
      "already-exists",
      `${dataDirectory} has the identity ${key} already: name another directory with --data, or move ${identity} away to give that one up`,
    );
  } finally {
    lock.release();
  }
}

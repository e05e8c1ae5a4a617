/** Takes a directory for one process: makes it if there is none, and locks it. */
import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { LatticeError } from "@lattice/model";
import { acquireLock, type LockFile } from "./lock-file.ts";

export interface ClaimOptions {
  readonly directory: string;
  /** Name of the lock file. */
  readonly lock: string;
  /** What somebody can do who finds the directory in use. */
  readonly whatToDo: string;
}

const ANOTHER = "choose another one with --data";

/** Why a directory cannot be made or written, by what the system calls it. */
const UNUSABLE: Readonly<Record<string, string>> = {
  EEXIST: `it is a file; ${ANOTHER}`,
  ENOTDIR: `it lies below a file; ${ANOTHER}`,
  ENOENT: `it cannot be made there; ${ANOTHER}`,
  EACCES: `no permission to write there; ${ANOTHER}`,
  EPERM: `no permission to write there; ${ANOTHER}`,
  EROFS: `the disk can only be read; ${ANOTHER}`,
  ENOSPC: "the disk is full; make room first",
};

/** Throws `in-use`, `disk-full`, or `failed-precondition` where the directory cannot be used. */
export function claimDirectory({ directory, lock, whatToDo }: ClaimOptions): LockFile {
  try {
    makeDirectory(directory);
    return acquireLock({ path: join(directory, lock), directory, whatToDo });
  } catch (error) {
    if (error instanceof LatticeError) throw error;
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    throw new LatticeError(
      code === "ENOSPC" ? "disk-full" : "failed-precondition",
      `cannot use ${directory} as data directory: ${UNUSABLE[code] ?? `the system says ${code}`}`,
      { cause: error },
    );
  }
}

/**
 * Only its owner may look into it. One by one: where the system says of a directory below one that exists that there is no
 * such thing, as it does below /proc, Node's own way of making all of them goes round for ever.
 */
function makeDirectory(path: string): void {
  const above = dirname(path);
  if (above !== path && !existsSync(above)) makeDirectory(above);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}

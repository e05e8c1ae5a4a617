/** Files that a command writes where its user says: names that are there after a crash, and what goes wrong, in one line. */
import { closeSync, fsyncSync, openSync } from "node:fs";
import { LatticeError } from "@lattice/model";

/** What was made in the directory is found there after a crash. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** What else than the system says stays as it is. */
export function writeError(path: string, error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall === undefined) return error;
  const isFull = code === "ENOSPC" || code === "EDQUOT";
  const reason = code === "ENOENT" ? "its directory does not exist" : `the system says ${code}`;
  return new LatticeError(isFull ? "disk-full" : "failed-precondition", `cannot write ${path}: ${reason}`, {
    cause: error,
  });
}

import { closeSync, fsyncSync, openSync } from "node:fs";

/** What was written to the file, by whomever, is on disk when this returns. */
export function syncFile(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** A file that was made in the directory is found there after a crash. */
export function syncDirectory(path: string): void {
  syncFile(path);
}

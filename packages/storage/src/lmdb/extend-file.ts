import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from "node:fs";

const ZEROS = new Uint8Array(1 << 20);

/** Makes a file at least so long, with zeros that take their room on the disk; throws, and leaves it as it was, where there is none. */
export function extendFile(path: string, bytes: number): void {
  const fd = openSync(path, "r+");
  try {
    const { size } = fstatSync(fd);
    try {
      for (let at = size; at < bytes;) at += writeSync(fd, ZEROS, 0, Math.min(ZEROS.length, bytes - at), at);
    } catch (error) {
      ftruncateSync(fd, size);
      throw error;
    }
  } finally {
    closeSync(fd);
  }
}

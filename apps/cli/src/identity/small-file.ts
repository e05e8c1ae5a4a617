/** What a person names as a file, and is not believed to be as small as it should. */
import { createReadStream } from "node:fs";
import { LatticeError } from "@lattice/model";

const BYTES_MAX = 64 << 10;

/** All of it, whatever it is: a file, a pipe, or a device that has no end, of which no more than the bound is read. */
export async function readSmallFile(path: string): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  try {
    for await (const part of createReadStream(path, { end: BYTES_MAX })) parts.push(part as Buffer);
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    throw new LatticeError(
      code === "ENOENT" ? "not-found" : "failed-precondition",
      `cannot read ${path}: ${code === "ENOENT" ? "there is no such file" : `the system says ${code}`}`,
      { cause: error },
    );
  }
  const all = Buffer.concat(parts);
  if (all.length <= BYTES_MAX) return all;
  throw new LatticeError("too-large", `${path} has more than ${BYTES_MAX} bytes: that is some other file`);
}

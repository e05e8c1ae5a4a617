/**
 * A snapshot as a file: the state as one string of bytes, zeros up to a whole sector, and the SHA-256 of all that, as etcd's are. It
 * is read twice, once for the checksum and once for the state.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { LatticeError, utf8, equalBytes } from "@lattice/model";
import { STATE_MAGIC } from "../machine/state-stream.ts";

const SECTOR_BYTES = 512;
const CHECKSUM_BYTES = 32;

export class SnapshotFile {
  /** In hexadecimal: the same file, the same text. */
  readonly checksum: string;
  readonly #path: string;
  readonly #bytes: number;

  private constructor(path: string, bytes: number, checksum: string) {
    this.#path = path;
    this.#bytes = bytes;
    this.checksum = checksum;
  }

  /** Throws `not-found`, `failed-precondition` where it is something else, and `corrupt`. */
  static async open(path: string): Promise<SnapshotFile> {
    const { size, head, tail } = await readEnds(path);
    if (!equalBytes(head, utf8(STATE_MAGIC))) {
      throw new LatticeError("failed-precondition", `${path} is no snapshot of this program's clusters`);
    }
    const isWhole = size % SECTOR_BYTES === CHECKSUM_BYTES;
    const hash = createHash("sha256");
    for await (const piece of createReadStream(path, { end: size - CHECKSUM_BYTES - 1 }))
      hash.update(piece as Buffer);
    if (!isWhole || !hash.digest().equals(tail)) {
      throw new LatticeError(
        "corrupt",
        `${path} is damaged or incomplete: its checksum is not that of its content`,
      );
    }
    return new SnapshotFile(path, size - CHECKSUM_BYTES, tail.toString("hex"));
  }

  /** With the zeros. */
  async *state(): AsyncGenerator<Uint8Array> {
    for await (const piece of createReadStream(this.#path, { end: this.#bytes - 1 })) yield piece as Buffer;
  }
}

async function readEnds(
  path: string,
): Promise<{ readonly size: number; readonly head: Buffer; readonly tail: Buffer }> {
  const file = await opened(path);
  try {
    const { size } = await file.stat();
    const head = Buffer.alloc(Math.min(size, utf8(STATE_MAGIC).length));
    const tail = Buffer.alloc(Math.min(size, CHECKSUM_BYTES));
    await file.read(head, 0, head.length, 0);
    await file.read(tail, 0, tail.length, size - tail.length);
    return { size, head, tail };
  } finally {
    await file.close();
  }
}

async function opened(path: string) {
  try {
    return await open(path, "r");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new LatticeError(
      code === "ENOENT" ? "not-found" : "failed-precondition",
      code === "ENOENT"
        ? `the file ${path} does not exist`
        : `${path} cannot be read: the system says ${code}`,
      { cause: error },
    );
  }
}

/**
 * A snapshot as a file: the pieces of the state machine's view, each behind its length as a big-endian u32, so that whoever restores
 * them is given the same pieces. Its checksum is the CRC-32 of all of it.
 */
import { crc32 } from "node:zlib";
import { LatticeError } from "@lattice/model";
import { PIECE_BYTES_MAX, READ_BYTES } from "./limits.ts";
import type { SnapshotFile } from "./snapshot-files.ts";

const HEADER_BYTES = 4;

export interface PieceFileSize {
  readonly sizeBytes: number;
  readonly checksum: number;
}

export async function writePieces(
  file: SnapshotFile,
  pieces: AsyncIterable<Uint8Array>,
): Promise<PieceFileSize> {
  let sizeBytes = 0;
  let checksum = 0;
  for await (const piece of pieces) {
    const framed = Buffer.allocUnsafe(HEADER_BYTES + piece.length);
    framed.writeUInt32BE(piece.length, 0);
    framed.set(piece, HEADER_BYTES);
    await file.write(framed, sizeBytes);
    sizeBytes += framed.length;
    checksum = crc32(framed, checksum);
  }
  return { sizeBytes, checksum };
}

/** The pieces of a file that should be that one. Throws `corrupt`, at the end at the latest, where it is another. */
export async function* readPieces(
  file: SnapshotFile,
  { sizeBytes, checksum }: PieceFileSize,
): AsyncGenerator<Uint8Array> {
  let found = 0;
  let rest: Buffer = Buffer.alloc(0);
  for (let at = 0; at < sizeBytes;) {
    const bytes = await file.read(at, Math.min(READ_BYTES, sizeBytes - at));
    if (bytes.length === 0) throw damaged("breaks off");
    at += bytes.length;
    found = crc32(bytes, found);
    if (at === sizeBytes && found !== checksum) throw damaged("does not match its checksum");
    rest = Buffer.concat([rest, bytes]);
    for (;;) {
      const end = endOfPiece(rest);
      if (end === undefined) break;
      yield rest.subarray(HEADER_BYTES, end);
      rest = rest.subarray(end);
    }
  }
  if (rest.length > 0) throw damaged("breaks off within a piece");
}

/** Undefined where not all of it is there. */
function endOfPiece(bytes: Buffer): number | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const end = HEADER_BYTES + bytes.readUInt32BE(0);
  if (end > PIECE_BYTES_MAX) throw damaged(`has a piece of ${end} bytes`);
  return end <= bytes.length ? end : undefined;
}

function damaged(what: string): LatticeError {
  return new LatticeError("corrupt", `the snapshot that was received ${what}`);
}

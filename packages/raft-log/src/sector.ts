/**
 * The sectors that a frame is spread over, each with a stamp as its last byte: 511 bytes of the frame, then the stamp.
 *
 * A segment is zeros before it is written to, so a stamp shows that its sector reached the disk, and zeros that it did
 * not, whatever the frame holds: without stamps, a sector of a frame that is zeros by itself would look like one that is
 * missing. Stamps have four bits set and differ from each other in four (they are words of the extended Hamming code),
 * so up to three flipped bits make no stamp of another, and none of nothing.
 */
import { SECTOR_BYTES } from "./limits.ts";

/** Of a frame, by what the sector is to it. */
export const Stamp = {
  /** The only one. */
  WHOLE: 0x3c,
  FIRST: 0x33,
  MIDDLE: 0x55,
  LAST: 0x66,
} as const;
export type Stamp = (typeof Stamp)[keyof typeof Stamp];

export const CARRIED_BYTES = SECTOR_BYTES - 1;

const ZEROS = new Uint8Array(64 << 10);

export function stampAt(file: Uint8Array, sectorStart: number): number {
  return file[sectorStart + CARRIED_BYTES]!;
}

/** What a sector of a frame is stamped with, by its number and how many there are. */
function stampOf(sector: number, count: number): Stamp {
  if (count === 1) return Stamp.WHOLE;
  if (sector === 0) return Stamp.FIRST;
  return sector === count - 1 ? Stamp.LAST : Stamp.MIDDLE;
}

/** `content` is a multiple of what a sector carries. */
export function spread(content: Buffer): Buffer {
  const count = content.length / CARRIED_BYTES;
  const sectors = Buffer.allocUnsafe(count * SECTOR_BYTES);
  for (let sector = 0; sector < count; sector++) {
    const from = sector * CARRIED_BYTES;
    const to = sector * SECTOR_BYTES;
    content.copy(sectors, to, from, from + CARRIED_BYTES);
    sectors[to + CARRIED_BYTES] = stampOf(sector, count);
  }
  return sectors;
}

/** The content of whole sectors; undefined where one has not the stamp it should have. */
export function gather(sectors: Buffer): Buffer | undefined {
  const count = sectors.length / SECTOR_BYTES;
  const content = Buffer.allocUnsafeSlow(count * CARRIED_BYTES);
  for (let sector = 0; sector < count; sector++) {
    const from = sector * SECTOR_BYTES;
    if (stampAt(sectors, from) !== stampOf(sector, count)) return undefined;
    sectors.copy(content, sector * CARRIED_BYTES, from, from + CARRIED_BYTES);
  }
  return content;
}

export function isZero(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
  for (let at = start; at < end; at += ZEROS.length) {
    const length = Math.min(ZEROS.length, end - at);
    if (Buffer.compare(bytes.subarray(at, at + length), ZEROS.subarray(0, length)) !== 0) return false;
  }
  return true;
}

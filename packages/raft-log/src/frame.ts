/**
 * A frame: what is written at once and is there after a crash, or is not. It begins with a sector and fills whole ones.
 *
 *   header checksum u32 | checksum u32 | previous u32 | payload bytes u32 | segment u32 | sector u32 | payload | zeros
 *
 * The checksum is the CRC-32 of all that follows it, the header's that of the header behind it. `previous` is the
 * checksum of the frame before, also where that is in another segment; 0 for the first of all. With the place that it
 * was written for, a frame is good only there and after the frames it followed. Numbers are big-endian.
 */
import { crc32 } from "node:zlib";
import { SECTOR_BYTES } from "./limits.ts";
import { CARRIED_BYTES, gather, spread } from "./sector.ts";

const HEADER_BYTES = 24;
const CHECKSUM_AT = 4;
const CHECKED_FROM = 8;

/** What `previous` of the first frame of all is. */
export const FIRST_CHAIN = 0;

export interface FramePlace {
  readonly segment: number;
  readonly offset: number;
  /** The checksum of the frame before; undefined, when reading, where that is not known. */
  readonly previous: number | undefined;
}

export interface Frame {
  readonly isWhole: true;
  readonly payload: Buffer;
  readonly checksum: number;
  /** Where the next one begins. */
  readonly end: number;
}

export interface BrokenFrame {
  readonly isWhole: false;
  /** What is wrong with it, of a sentence that begins with "the frame". */
  readonly what: string;
  /** Where it ends, if its header tells. */
  readonly end: number | undefined;
}

export function frameBytes(payloadBytes: number): number {
  return sectorCount(payloadBytes) * SECTOR_BYTES;
}

export function encodeFrame(
  payload: readonly Uint8Array[],
  place: FramePlace,
): { readonly bytes: Buffer; readonly checksum: number } {
  let length = 0;
  for (const part of payload) length += part.length;
  const content = Buffer.alloc(sectorCount(length) * CARRIED_BYTES);
  content.writeUInt32BE(place.previous ?? FIRST_CHAIN, 8);
  content.writeUInt32BE(length, 12);
  content.writeUInt32BE(place.segment, 16);
  content.writeUInt32BE(place.offset / SECTOR_BYTES, 20);
  let at = HEADER_BYTES;
  for (const part of payload) {
    content.set(part, at);
    at += part.length;
  }
  const checksum = crc32(content.subarray(CHECKED_FROM));
  content.writeUInt32BE(checksum, CHECKSUM_AT);
  content.writeUInt32BE(headerChecksum(content), 0);
  return { bytes: spread(content), checksum };
}

/** What stands at a place of a segment, which is whole sectors. */
export function readFrame(file: Buffer, place: FramePlace): Frame | BrokenFrame {
  const header = file.subarray(place.offset, place.offset + HEADER_BYTES);
  if (header.length < HEADER_BYTES || header.readUInt32BE(0) !== headerChecksum(header)) {
    return broken("has a damaged header");
  }
  const previous = header.readUInt32BE(8);
  const isInPlace =
    header.readUInt32BE(16) === place.segment && header.readUInt32BE(20) * SECTOR_BYTES === place.offset;
  if (!isInPlace) return broken("was written for another place");
  if (place.previous !== undefined && previous !== place.previous)
    return broken("does not follow the one before it");
  const payloadBytes = header.readUInt32BE(12);
  const end = place.offset + frameBytes(payloadBytes);
  if (end > file.length) return broken("is longer than its segment");
  const content = gather(file.subarray(place.offset, end));
  if (!content) return broken("is not all there", end);
  const checksum = header.readUInt32BE(CHECKSUM_AT);
  if (crc32(content.subarray(CHECKED_FROM)) !== checksum) return broken("has damaged content", end);
  const payload = content.subarray(HEADER_BYTES, HEADER_BYTES + payloadBytes);
  return { isWhole: true, payload, checksum, end };
}

function sectorCount(payloadBytes: number): number {
  return Math.ceil((HEADER_BYTES + payloadBytes) / CARRIED_BYTES);
}

function headerChecksum(header: Buffer): number {
  return crc32(header.subarray(CHECKSUM_AT, HEADER_BYTES));
}

function broken(what: string, end?: number): BrokenFrame {
  return { isWhole: false, what, end };
}

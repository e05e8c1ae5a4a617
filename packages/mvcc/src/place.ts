/**
 * Where a change is: its revision, and the block of the history that holds it. A revision is two numbers: `main`, which
 * clients see and all changes of one request share, and `sub`, which counts these.
 *
 * A place may outlive its change, which compaction removes; no other is ever in its place.
 */
import { VARINT_BYTES_MAX, writeVarint, type VarintReader } from "./varint.ts";

export interface Place {
  readonly main: number;
  readonly sub: number;
  readonly blockMain: number;
  readonly blockSub: number;
}

export const PLACE_BYTES_MAX = 4 * VARINT_BYTES_MAX;

export function writePlace(out: Uint8Array, at: number, place: Place): number {
  let next = writeVarint(out, at, place.main);
  next = writeVarint(out, next, place.sub);
  next = writeVarint(out, next, place.main - place.blockMain);
  return writeVarint(out, next, place.blockSub);
}

export function readPlace(reader: VarintReader): Place {
  const main = reader.varint();
  const sub = reader.varint();
  const blockMain = main - reader.varint();
  return { main, sub, blockMain, blockSub: reader.varint() };
}

export function isBefore(a: Place, b: Place): boolean {
  return a.main < b.main || (a.main === b.main && a.sub < b.sub);
}

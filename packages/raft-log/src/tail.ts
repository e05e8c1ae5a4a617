/**
 * Behind the last whole frame of a segment: is there nothing, what a crash left of a write, or damage?
 *
 * Only one write is under way at a time, and it is zeros that it goes over. So a crash leaves of it any of its sectors,
 * the others being zeros, or all bytes up to some place; and nothing behind it. That is a torn write, nobody was told
 * that it is durable, and it may be forgotten. Whatever else is there is damage, which may have hit what somebody was
 * told of, and is refused:
 *
 *  1. Where all sectors of a frame are there and it is not whole, one was changed.
 *  2. A frame that begins behind the broken one was begun after that was durable. Its presence is the mark that all before
 *     it was synced.
 *  3. What stands behind a frame's last sector, or is no sector of a frame, no write left there.
 *
 * No flipped bit makes a torn frame of a whole one, since that takes a stamp away (see sector.ts). What remains is a disk
 * that loses the whole sectors of its very last frame and gives zeros for them: that is what a crash looks like.
 */
import type { BrokenFrame } from "./frame.ts";
import { SECTOR_BYTES } from "./limits.ts";
import { isZero, Stamp, stampAt } from "./sector.ts";

export type Tail =
  | { readonly kind: "empty" }
  | { readonly kind: "torn" }
  | { readonly kind: "damaged"; readonly offset: number; readonly what: string };

type Sector = Stamp | "zero" | "partial" | "strange";

/** `file` is whole sectors. */
export function judgeTail(file: Buffer, offset: number, frame: BrokenFrame): Tail {
  if (isZero(file, offset)) return { kind: "empty" };
  const first = sectorAt(file, offset);
  const isBegun = first === Stamp.FIRST && frame.end !== undefined;
  if (!isBegun && first !== "zero" && first !== "partial") return damaged(offset, frame.what);
  // Without its header it is not known where the frame ends.
  const end = isBegun ? frame.end : undefined;
  let isMissing = !isBegun;
  let isOver = first === "partial";
  for (let at = offset + SECTOR_BYTES; at < file.length; at += SECTOR_BYTES) {
    const sector = sectorAt(file, at);
    if (sector === "zero") {
      if (end !== undefined && at < end) isMissing = true;
      continue;
    }
    const fault = faultOf(sector, { isOver, end, at });
    if (fault !== undefined) return damaged(at, fault);
    if (sector === "partial") isMissing = true;
    if (sector !== Stamp.MIDDLE) isOver = true;
  }
  return isMissing ? { kind: "torn" } : damaged(offset, frame.what);
}

interface Surroundings {
  /** Whether the torn write cannot go on here. */
  readonly isOver: boolean;
  readonly end: number | undefined;
  readonly at: number;
}

/** Why a sector that is not zeros is not one of the torn write; undefined where it is. */
function faultOf(sector: Sector, { isOver, end, at }: Surroundings): string | undefined {
  if (sector === Stamp.FIRST || sector === Stamp.WHOLE) return "comes after one that is not whole";
  if (isOver || (end !== undefined && at >= end)) return "stands behind the end of the last one";
  if (sector === "strange") return "has a damaged sector";
  if (end === undefined || sector === "partial") return undefined;
  const isLast = at + SECTOR_BYTES === end;
  return isLast === (sector === Stamp.LAST) ? undefined : "has a sector of another";
}

function sectorAt(file: Buffer, at: number): Sector {
  const stamp = stampAt(file, at);
  switch (stamp) {
    case 0:
      return isZero(file, at, at + SECTOR_BYTES) ? "zero" : "partial";
    case Stamp.WHOLE:
    case Stamp.FIRST:
    case Stamp.MIDDLE:
    case Stamp.LAST:
      return stamp;
    default:
      return "strange";
  }
}

function damaged(offset: number, what: string): Tail {
  return { kind: "damaged", offset, what };
}

/** From one intention to the next by the arrow keys. */
import type { HistoryLayout } from "./layout.ts";

export type Direction = "earlier" | "later" | "up" | "down";

/** The intention itself where there is none in that direction. */
export function neighbour(layout: HistoryLayout, from: number, direction: Direction): number {
  switch (direction) {
    case "earlier":
      return inLane(layout, from, -1);
    case "later":
      return inLane(layout, from, 1);
    case "up":
      return beside(layout, from, -1);
    case "down":
      return beside(layout, from, 1);
  }
}

/** Of the same author, the nearest column in that direction; where there is none, whichever intention is nearest there. */
function inLane(layout: HistoryLayout, from: number, step: -1 | 1): number {
  const { columnCount, columnStart, byColumn, column, lane } = layout;
  let fallback = from;
  for (let at = column[from]! + step; at >= 0 && at < columnCount; at += step) {
    for (let place = columnStart[at]!; place < columnStart[at + 1]!; place++) {
      const index = byColumn[place]!;
      if (lane[index] === lane[from]) return index;
      if (fallback === from) fallback = index;
    }
  }
  return fallback;
}

/** In the next lane that has anything, what is nearest in its column. */
function beside(layout: HistoryLayout, from: number, step: -1 | 1): number {
  const { lanes, lane } = layout;
  for (let at = lane[from]! + step; at >= 0 && at < lanes.length; at += step) {
    const found = nearestInLane(layout, at, layout.column[from]!);
    if (found >= 0) return found;
  }
  return from;
}

function nearestInLane({ lane, column }: HistoryLayout, wanted: number, at: number): number {
  let best = -1;
  let nearest = Number.POSITIVE_INFINITY;
  for (let index = 0; index < lane.length; index++) {
    if (lane[index] !== wanted) continue;
    const distance = Math.abs(column[index]! - at);
    if (distance >= nearest) continue;
    nearest = distance;
    best = index;
  }
  return best;
}

/** What part of a drawing is seen, and how large. Pure; all lengths in CSS pixels. */

export const LANE_PX = 34;
/** Above the lanes: the times. */
export const HEAD_PX = 26;
const COLUMN_PX_MAX = 60;
const COLUMN_PX_START = 24;
/** Room beside the first and the last column, so that neither touches the edge. */
const MARGIN_PX = 28;

export interface Viewport {
  readonly width: number;
  readonly height: number;
  /** Where the lanes' names end, and the drawing begins. */
  readonly labelPx: number;
  /** The column at the left edge of the drawing, with its fraction. */
  readonly left: number;
  readonly columnPx: number;
  /** How far the lanes are moved up. */
  readonly top: number;
}

export interface Extent {
  readonly columnCount: number;
  readonly laneCount: number;
}

export const START_VIEWPORT: Viewport = {
  width: 0,
  height: 0,
  labelPx: 0,
  left: 0,
  columnPx: COLUMN_PX_START,
  top: 0,
};

export function columnX(view: Viewport, column: number): number {
  return view.labelPx + (column - view.left) * view.columnPx;
}

export function xColumn(view: Viewport, x: number): number {
  return view.left + (x - view.labelPx) / view.columnPx;
}

export function laneY(view: Viewport, lane: number): number {
  return HEAD_PX + lane * LANE_PX + LANE_PX / 2 - view.top;
}

/** The size at which all columns fit. */
function fitPx(view: Viewport, { columnCount }: Extent): number {
  return (view.width - view.labelPx - 2 * MARGIN_PX) / Math.max(1, columnCount - 1);
}

/** Not beyond the ends, neither in place nor in size. */
export function clamped(view: Viewport, extent: Extent): Viewport {
  const smallest = Math.min(COLUMN_PX_START, Math.max(0.01, fitPx(view, extent)));
  const columnPx = Math.min(COLUMN_PX_MAX, Math.max(smallest, view.columnPx));
  const margin = MARGIN_PX / columnPx;
  const shown = (view.width - view.labelPx) / columnPx;
  const leftMax = Math.max(-margin, extent.columnCount - 1 + margin - shown);
  const topMax = Math.max(0, HEAD_PX + extent.laneCount * LANE_PX - view.height);
  return {
    ...view,
    columnPx,
    left: Math.min(leftMax, Math.max(-margin, view.left)),
    top: Math.min(topMax, Math.max(0, view.top)),
  };
}

/** Positive: to what is later, or to lanes further down. */
export function panned(view: Viewport, { x, y }: { readonly x: number; readonly y: number }): Viewport {
  return { ...view, left: view.left + x / view.columnPx, top: view.top + y };
}

/** What is at `x` stays at `x`. */
export function zoomed(
  view: Viewport,
  { factor, x }: { readonly factor: number; readonly x: number },
): Viewport {
  const column = xColumn(view, x);
  const columnPx = Math.min(COLUMN_PX_MAX, view.columnPx * factor);
  return { ...view, columnPx, left: column - (x - view.labelPx) / columnPx };
}

/** The end of the drawing at the right edge. */
export function atEnd(view: Viewport, extent: Extent): Viewport {
  return clamped({ ...view, left: Number.MAX_SAFE_INTEGER }, extent);
}

export function fitted(view: Viewport, extent: Extent): Viewport {
  const columnPx = Math.min(COLUMN_PX_START, fitPx(view, extent));
  return clamped({ ...view, columnPx, left: -MARGIN_PX / columnPx }, extent);
}

/** Moves as little as it takes to have a place in sight. */
export function revealing(
  view: Viewport,
  { column, lane }: { readonly column: number; readonly lane: number },
): Viewport {
  const x = columnX(view, column);
  const y = laneY(view, lane);
  const right = view.width - MARGIN_PX;
  const leftmost = view.labelPx + MARGIN_PX;
  const byX = x < leftmost ? x - leftmost : x > right ? x - right : 0;
  const topmost = HEAD_PX + LANE_PX / 2;
  const bottom = view.height - LANE_PX / 2;
  const byY = y < topmost ? y - topmost : y > bottom ? y - bottom : 0;
  return panned(view, { x: byX, y: byY });
}

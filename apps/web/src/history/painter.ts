/**
 * Draws the part of a history that is seen. The smaller it is drawn, the less of each intention is shown, so that a frame takes about
 * as long for ten thousand as for a hundred.
 */
import { shortHex } from "../text/hex.ts";
import { shownText } from "../text/shown-text.ts";
import { clockText, hlcToMs, timeText } from "../text/times.ts";
import { authorHue } from "../parts/author-colour.ts";
import type { EdgeIndex } from "./edge-index.ts";
import type { HistoryLayout } from "./layout.ts";
import { columnX, HEAD_PX, LANE_PX, laneY, xColumn, type Viewport } from "./viewport.ts";

export interface Palette {
  readonly surface: string;
  readonly line: string;
  readonly lane: string;
  readonly text: string;
  readonly muted: string;
  readonly accent: string;
  readonly bad: string;
  readonly hues: readonly string[];
}

export interface Scene {
  readonly layout: HistoryLayout;
  readonly edges: EdgeIndex;
  readonly view: Viewport;
  readonly palette: Palette;
  /** Index of the intention that is looked at; -1: none. */
  readonly selected: number;
  readonly hovered: number;
}

/** From here on intentions have shapes, and lines are drawn. */
const SHAPES_PX = 9;
const LINES_PX = 3;
const RADIUS_PX = 5;
const STACK_PX = 9;
const TIME_LABEL_PX = 96;
const FONT = "12px system-ui, sans-serif";

export function paint(context: CanvasRenderingContext2D, scene: Scene): void {
  const { view, palette } = scene;
  context.fillStyle = palette.surface;
  context.fillRect(0, 0, view.width, view.height);
  paintLanes(context, scene);
  context.save();
  context.beginPath();
  context.rect(view.labelPx, HEAD_PX, view.width - view.labelPx, view.height - HEAD_PX);
  context.clip();
  if (view.columnPx >= LINES_PX) paintEdges(context, scene);
  paintSelectedEdges(context, scene);
  if (view.columnPx >= SHAPES_PX) paintShapes(context, scene);
  else paintSpecks(context, scene);
  paintMark(context, scene, scene.hovered, palette.muted);
  paintMark(context, scene, scene.selected, palette.accent);
  context.restore();
  paintTimes(context, scene);
  paintLabels(context, scene);
}

/** Index of the intention at a point; -1 where there is none near. */
export function intentionAt(scene: Scene, x: number, y: number): number {
  const { layout, view } = scene;
  if (x < view.labelPx || y < HEAD_PX) return -1;
  const reach = Math.max(1, Math.ceil(12 / view.columnPx));
  const at = Math.round(xColumn(view, x));
  let best = -1;
  let nearest = 16 ** 2;
  forColumns(layout, at - reach, at + reach, (index) => {
    const distance = (placeX(scene, index) - x) ** 2 + (placeY(scene, index) - y) ** 2;
    if (distance >= nearest) return;
    nearest = distance;
    best = index;
  });
  return best;
}

function placeX({ layout, view }: Scene, index: number): number {
  return columnX(view, layout.column[index]!);
}

function placeY({ layout, view }: Scene, index: number): number {
  return laneY(view, layout.lane[index]!) + layout.stack[index]! * STACK_PX;
}

function firstColumn({ view }: Scene): number {
  return Math.floor(view.left) - 1;
}

function lastColumn({ view }: Scene): number {
  return Math.ceil(xColumn(view, view.width)) + 1;
}

function forColumns(layout: HistoryLayout, first: number, last: number, tell: (index: number) => void): void {
  const { columnCount, columnStart, byColumn } = layout;
  const from = columnStart[Math.min(columnCount, Math.max(0, first))]!;
  const to = columnStart[Math.min(columnCount, Math.max(0, last + 1))]!;
  for (let at = from; at < to; at++) tell(byColumn[at]!);
}

function paintLanes(context: CanvasRenderingContext2D, { layout, view, palette }: Scene): void {
  context.strokeStyle = palette.lane;
  context.lineWidth = 1;
  context.beginPath();
  layout.lanes.forEach((_, lane) => {
    const y = Math.round(laneY(view, lane)) + 0.5;
    if (y < HEAD_PX || y > view.height + LANE_PX) return;
    context.moveTo(view.labelPx, y);
    context.lineTo(view.width, y);
  });
  context.stroke();
}

/** All lines of one author's colour in one go: changing the colour costs more than a line. */
function paintEdges(context: CanvasRenderingContext2D, scene: Scene): void {
  const { layout, edges, palette, view } = scene;
  const paths = palette.hues.map(() => new Path2D());
  edges.visit(firstColumn(scene), lastColumn(scene), (edge) => {
    const child = layout.edgeChild[edge]!;
    const parent = layout.edgeParent[edge]!;
    addEdge(paths[hueOf(layout, parent)]!, scene, child, parent);
  });
  context.lineWidth = view.columnPx >= SHAPES_PX ? 1.4 : 1;
  context.globalAlpha = 0.55;
  paths.forEach((path, hue) => {
    context.strokeStyle = palette.hues[hue]!;
    context.stroke(path);
  });
  context.globalAlpha = 1;
}

function paintSelectedEdges(context: CanvasRenderingContext2D, scene: Scene): void {
  const { layout, edges, palette, selected } = scene;
  if (selected < 0) return;
  const path = new Path2D();
  edges.visit(firstColumn(scene), lastColumn(scene), (edge) => {
    const child = layout.edgeChild[edge]!;
    const parent = layout.edgeParent[edge]!;
    if (child === selected || parent === selected) addEdge(path, scene, child, parent);
  });
  context.lineWidth = 2.5;
  context.strokeStyle = palette.accent;
  context.stroke(path);
}

function addEdge(path: Path2D, scene: Scene, child: number, parent: number): void {
  const x1 = placeX(scene, parent);
  const y1 = placeY(scene, parent);
  const x2 = placeX(scene, child);
  const y2 = placeY(scene, child);
  path.moveTo(x1, y1);
  if (y1 === y2 || scene.view.columnPx < SHAPES_PX) {
    path.lineTo(x2, y2);
    return;
  }
  // Along the parent's lane, then over into the child's.
  const bend = Math.min(x2 - x1, 3 * scene.view.columnPx);
  path.lineTo(x2 - bend, y1);
  path.bezierCurveTo(x2 - bend / 2, y1, x2 - bend / 2, y2, x2, y2);
}

function paintShapes(context: CanvasRenderingContext2D, scene: Scene): void {
  const { layout, palette } = scene;
  forColumns(layout, firstColumn(scene), lastColumn(scene), (index) => {
    const { kind, note } = layout.intentions[index]!;
    const x = placeX(scene, index);
    const y = placeY(scene, index);
    const colour = palette.hues[hueOf(layout, index)]!;
    if (layout.isCut[index] === 1) paintCut(context, { x, y, colour });
    context.beginPath();
    addShape(context, { kind, x, y });
    context.fillStyle = kind === "merge" ? palette.surface : colour;
    context.fill();
    context.lineWidth = note === "" ? 1.5 : 2.5;
    context.strokeStyle = note === "" ? colour : palette.bad;
    context.stroke();
  });
}

function addShape(
  context: CanvasRenderingContext2D,
  { kind, x, y }: { kind: string; x: number; y: number },
): void {
  const r = RADIUS_PX;
  if (kind === "system") context.rect(x - r + 0.5, y - r + 0.5, 2 * r - 1, 2 * r - 1);
  else if (kind === "genesis") {
    context.moveTo(x, y - r - 2);
    context.lineTo(x + r + 2, y);
    context.lineTo(x, y + r + 2);
    context.lineTo(x - r - 2, y);
    context.closePath();
  } else context.arc(x, y, kind === "merge" ? r - 1 : r, 0, 2 * Math.PI);
}

/** It goes on to the left, with what has not been read yet. */
function paintCut(
  context: CanvasRenderingContext2D,
  { x, y, colour }: { x: number; y: number; colour: string },
): void {
  context.setLineDash([2, 3]);
  context.lineWidth = 1.4;
  context.strokeStyle = colour;
  context.beginPath();
  context.moveTo(x - 22, y);
  context.lineTo(x - RADIUS_PX, y);
  context.stroke();
  context.setLineDash([]);
}

/** Several intentions in one pixel are one speck. */
function paintSpecks(context: CanvasRenderingContext2D, scene: Scene): void {
  const { layout, palette, view } = scene;
  const painted = new Int32Array(layout.lanes.length).fill(-1);
  const width = Math.max(1, Math.min(4, view.columnPx - 1));
  const hues = layout.lanes.map(({ key }) => palette.hues[authorHue(key) % palette.hues.length]!);
  let colour = "";
  forColumns(layout, firstColumn(scene), lastColumn(scene), (index) => {
    const lane = layout.lane[index]!;
    const x = Math.round(placeX(scene, index));
    if (painted[lane] === x) return;
    painted[lane] = x;
    if (hues[lane] !== colour) context.fillStyle = colour = hues[lane]!;
    context.fillRect(x - width / 2, placeY(scene, index) - 5, width, 10);
  });
}

function paintMark(context: CanvasRenderingContext2D, scene: Scene, index: number, colour: string): void {
  if (index < 0) return;
  context.beginPath();
  context.arc(placeX(scene, index), placeY(scene, index), RADIUS_PX + 4, 0, 2 * Math.PI);
  context.lineWidth = 2.5;
  context.strokeStyle = colour;
  context.stroke();
}

function paintTimes(context: CanvasRenderingContext2D, scene: Scene): void {
  const { layout, palette, view } = scene;
  context.fillStyle = palette.surface;
  context.fillRect(0, 0, view.width, HEAD_PX);
  context.fillStyle = palette.muted;
  context.font = FONT;
  context.textBaseline = "middle";
  context.textAlign = "center";
  const step = Math.max(1, Math.ceil(TIME_LABEL_PX / view.columnPx));
  const first = Math.max(0, Math.ceil(firstColumn(scene) / step) * step);
  let day = "";
  for (let column = first; column < Math.min(layout.columnCount, lastColumn(scene)); column += step) {
    const x = columnX(view, column);
    if (x < view.labelPx + TIME_LABEL_PX / 2 || x > view.width - TIME_LABEL_PX / 3) continue;
    const { timestamp } = layout.intentions[layout.byColumn[layout.columnStart[column]!]!]!;
    const ms = hlcToMs(timestamp);
    const date = timeText(ms).slice(5, 10);
    context.fillText(date === day ? clockText(ms) : `${date} ${clockText(ms)}`, x, HEAD_PX / 2);
    day = date;
  }
}

function paintLabels(context: CanvasRenderingContext2D, { layout, palette, view }: Scene): void {
  context.fillStyle = palette.surface;
  context.fillRect(0, 0, view.labelPx, view.height);
  context.font = FONT;
  context.textBaseline = "middle";
  context.textAlign = "left";
  layout.lanes.forEach(({ key, name }, lane) => {
    const y = laneY(view, lane);
    if (y < HEAD_PX || y > view.height + LANE_PX) return;
    context.fillStyle = palette.hues[authorHue(key)]!;
    context.beginPath();
    context.arc(14, y, 4, 0, 2 * Math.PI);
    context.fill();
    context.fillStyle = palette.text;
    context.fillText(name === "" ? shortHex(key) : shownText(name), 24, y, view.labelPx - 30);
  });
  context.strokeStyle = palette.line;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(view.labelPx + 0.5, 0);
  context.lineTo(view.labelPx + 0.5, view.height);
  context.moveTo(0, HEAD_PX + 0.5);
  context.lineTo(view.width, HEAD_PX + 0.5);
  context.stroke();
}

function hueOf(layout: HistoryLayout, index: number): number {
  return authorHue(layout.lanes[layout.lane[index]!]!.key);
}

/**
 * A drawing on a canvas that can be moved: by mouse, wheel, touch and keys. It is no part of React, which would have to think about
 * every frame; it tells what is chosen, and when more is wanted.
 *
 * Invariants
 *  1. At most one frame is drawn for each that the screen shows, and none while nothing changes.
 */
import { toHex } from "../text/hex.ts";
import { EdgeIndex } from "./edge-index.ts";
import { layoutHistory, type HistoryLayout } from "./layout.ts";
import { neighbour, type Direction } from "./neighbours.ts";
import { intentionAt, paint, type Palette, type Scene } from "./painter.ts";
import {
  atEnd,
  clamped,
  fitted,
  panned,
  revealing,
  START_VIEWPORT,
  zoomed,
  type Extent,
  type Viewport,
} from "./viewport.ts";

export interface DrawingEvents {
  readonly onSelect: (index: number) => void;
  /** The left end of what was read is in sight. */
  readonly onOlderWanted: () => void;
}

const WHEEL_ZOOM = 0.0015;
const KEY_ZOOM = 1.4;
/** Further than this a press is a drag. */
const DRAG_PX = 4;
const NARROW_PX = 560;
const LABEL_PX = 128;
const LABEL_PX_NARROW = 76;

const DIRECTIONS: Readonly<Record<string, Direction>> = {
  ArrowLeft: "earlier",
  ArrowRight: "later",
  ArrowUp: "up",
  ArrowDown: "down",
};

export class Drawing {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #events: DrawingEvents;
  readonly #sized: ResizeObserver;
  readonly #stopping = new AbortController();
  #layout: HistoryLayout = layoutHistory([]);
  #edges = new EdgeIndex(this.#layout);
  #palette: Palette;
  #view: Viewport = START_VIEWPORT;
  #selected = -1;
  #hovered = -1;
  #frame = 0;
  /** Whether the latest is kept in sight, as until somebody looks elsewhere. */
  #followsEnd = true;
  readonly #pointers = new Map<number, { x: number; y: number }>();
  #dragged = 0;

  constructor(canvas: HTMLCanvasElement, palette: Palette, events: DrawingEvents) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false })!;
    this.#palette = palette;
    this.#events = events;
    this.#sized = new ResizeObserver(() => this.#resize());
    this.#sized.observe(canvas);
    this.#listen();
    this.#resize();
  }

  close(): void {
    this.#sized.disconnect();
    this.#stopping.abort();
    cancelAnimationFrame(this.#frame);
  }

  setPalette(palette: Palette): void {
    this.#palette = palette;
    this.#redraw();
  }

  /** What is in the middle stays there, unless the latest is followed. */
  setLayout(layout: HistoryLayout): void {
    const kept = this.#anchor();
    const selectedId = this.#idOf(this.#selected);
    this.#layout = layout;
    this.#edges = new EdgeIndex(layout);
    this.#selected = selectedId === undefined ? -1 : (layout.indexById.get(selectedId) ?? -1);
    this.#hovered = -1;
    const index = kept === undefined ? undefined : layout.indexById.get(kept.id);
    if (this.#followsEnd || kept === undefined || index === undefined) {
      this.#view = atEnd(this.#view, this.#extent());
    } else {
      const moved = layout.column[index]! - kept.column;
      this.#view = clamped({ ...this.#view, left: this.#view.left + moved }, this.#extent());
    }
    this.#redraw();
  }

  /** An index that is not there: nothing. */
  select(index: number): void {
    this.#selected = index < this.#layout.intentions.length ? index : -1;
    if (this.#selected >= 0) this.#reveal(this.#selected);
    this.#redraw();
  }

  zoom(factor: number): void {
    this.#move(zoomed(this.#view, { factor, x: (this.#view.width + this.#view.labelPx) / 2 }));
  }

  fit(): void {
    this.#move(fitted(this.#view, this.#extent()));
  }

  toEnd(): void {
    this.#move(atEnd(this.#view, this.#extent()));
    this.#followsEnd = true;
  }

  /** Whether the key meant something here. */
  pressKey(key: string): boolean {
    const direction = DIRECTIONS[key];
    if (direction !== undefined) this.#step(direction);
    else if (key === "+" || key === "=") this.zoom(KEY_ZOOM);
    else if (key === "-" || key === "−") this.zoom(1 / KEY_ZOOM);
    else if (key === "0") this.fit();
    else if (key === "End") this.#choose(this.#layout.byColumn.at(-1) ?? -1);
    else if (key === "Home") this.#choose(this.#layout.byColumn[0] ?? -1);
    else return false;
    return true;
  }

  #step(direction: Direction): void {
    const start = this.#layout.byColumn.at(-1) ?? -1;
    this.#choose(this.#selected < 0 ? start : neighbour(this.#layout, this.#selected, direction));
  }

  #choose(index: number): void {
    this.select(index);
    this.#events.onSelect(this.#selected);
  }

  #extent(): Extent {
    return { columnCount: this.#layout.columnCount, laneCount: this.#layout.lanes.length };
  }

  #scene(): Scene {
    return {
      layout: this.#layout,
      edges: this.#edges,
      view: this.#view,
      palette: this.#palette,
      selected: this.#selected,
      hovered: this.#hovered,
    };
  }

  #reveal(index: number): void {
    this.#move(
      revealing(this.#view, { column: this.#layout.column[index]!, lane: this.#layout.lane[index]! }),
    );
  }

  #move(view: Viewport): void {
    const extent = this.#extent();
    this.#view = clamped(view, extent);
    this.#followsEnd = this.#view.left >= atEnd(this.#view, extent).left - 0.5;
    this.#redraw();
  }

  /** An intention in the middle of what is seen, by which the place is found again in another layout. */
  #anchor(): { readonly id: string; readonly column: number } | undefined {
    const { columnCount, columnStart, byColumn } = this.#layout;
    if (columnCount === 0) return undefined;
    const middle = Math.round(
      this.#view.left + (this.#view.width - this.#view.labelPx) / this.#view.columnPx / 2,
    );
    const column = Math.min(columnCount - 1, Math.max(0, middle));
    const id = this.#idOf(byColumn[columnStart[column]!] ?? -1);
    return id === undefined ? undefined : { id, column };
  }

  #idOf(index: number): string | undefined {
    const id = this.#layout.intentions[index]?.id;
    return id === undefined ? undefined : toHex(id);
  }

  #resize(): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const ratio = window.devicePixelRatio;
    this.#canvas.width = Math.round(width * ratio);
    this.#canvas.height = Math.round(height * ratio);
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const labelPx = width < NARROW_PX ? LABEL_PX_NARROW : LABEL_PX;
    const view = { ...this.#view, width, height, labelPx };
    this.#view = this.#followsEnd ? atEnd(view, this.#extent()) : clamped(view, this.#extent());
    this.#paintNow();
  }

  #redraw(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => this.#paintNow());
  }

  #paintNow(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    paint(this.#context, this.#scene());
    if (this.#view.left < 1 && this.#layout.columnCount > 0) this.#events.onOlderWanted();
  }

  #listen(): void {
    const { signal } = this.#stopping;
    const canvas = this.#canvas;
    canvas.addEventListener("wheel", (event) => this.#onWheel(event), { signal, passive: false });
    canvas.addEventListener("pointerdown", (event) => this.#onPointerDown(event), { signal });
    canvas.addEventListener("pointermove", (event) => this.#onPointerMove(event), { signal });
    canvas.addEventListener("pointerup", (event) => this.#onPointerUp(event), { signal });
    canvas.addEventListener("pointercancel", (event) => this.#pointers.delete(event.pointerId), { signal });
    canvas.addEventListener("pointerleave", () => this.#hover(-1), { signal });
  }

  /** Up and down is nearer and further; sideways, or with Shift, is earlier and later. */
  #onWheel(event: WheelEvent): void {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const isSideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (isSideways) {
      this.#move(panned(this.#view, { x: (event.deltaX || event.deltaY) * lines, y: 0 }));
    } else {
      this.#move(
        zoomed(this.#view, { factor: Math.exp(-event.deltaY * lines * WHEEL_ZOOM), x: event.offsetX }),
      );
    }
  }

  #onPointerDown(event: PointerEvent): void {
    this.#canvas.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    if (this.#pointers.size === 1) this.#dragged = 0;
  }

  #onPointerMove(event: PointerEvent): void {
    const point = { x: event.offsetX, y: event.offsetY };
    const before = this.#pointers.get(event.pointerId);
    if (before === undefined) {
      this.#hover(intentionAt(this.#scene(), point.x, point.y));
      return;
    }
    this.#pointers.set(event.pointerId, point);
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other === undefined) {
      this.#dragged += Math.abs(point.x - before.x) + Math.abs(point.y - before.y);
      if (this.#dragged > DRAG_PX)
        this.#move(panned(this.#view, { x: before.x - point.x, y: before.y - point.y }));
      return;
    }
    // Two fingers: what is between them stays between them.
    this.#dragged = Number.POSITIVE_INFINITY;
    const factor = Math.max(1, Math.abs(point.x - other.x)) / Math.max(1, Math.abs(before.x - other.x));
    this.#move(zoomed(this.#view, { factor, x: (point.x + other.x) / 2 }));
  }

  #onPointerUp(event: PointerEvent): void {
    this.#pointers.delete(event.pointerId);
    if (this.#dragged > DRAG_PX || this.#pointers.size > 0) return;
    const index = intentionAt(this.#scene(), event.offsetX, event.offsetY);
    if (index !== this.#selected) this.#choose(index);
  }

  #hover(index: number): void {
    if (index === this.#hovered) return;
    this.#hovered = index;
    this.#canvas.style.cursor = index < 0 ? "grab" : "pointer";
    this.#redraw();
  }
}

import { useEffect, useEffectEvent, useRef, type KeyboardEvent, type ReactNode } from "react";
import { HUE_COUNT } from "../parts/author-colour.ts";
import { Icon } from "../parts/icon.tsx";
import { useTheme } from "../parts/theme.ts";
import { shortHex } from "../text/hex.ts";
import { hlcToMs, timeText } from "../text/times.ts";
import { Drawing } from "./drawing.ts";
import type { HistoryLayout } from "./layout.ts";
import type { Palette } from "./painter.ts";

export interface HistoryViewProps {
  readonly layout: HistoryLayout;
  /** Index of the intention that is looked at; -1: none. */
  readonly selected: number;
  readonly onSelect: (index: number) => void;
  readonly onOlderWanted: () => void;
}

const ZOOM_STEP = 1.6;

export function HistoryDrawing({ layout, selected, onSelect, onOlderWanted }: HistoryViewProps): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawing = useRef<Drawing>(undefined);
  const theme = useTheme();
  const select = useEffectEvent(onSelect);
  const wantOlder = useEffectEvent(onOlderWanted);
  useEffect(() => {
    const own = new Drawing(canvas.current!, readPalette(canvas.current!), {
      onSelect: (index) => select(index),
      onOlderWanted: () => wantOlder(),
    });
    drawing.current = own;
    return () => own.close();
  }, []);
  useEffect(() => drawing.current?.setPalette(readPalette(canvas.current!)), [theme]);
  useEffect(() => drawing.current?.setLayout(layout), [layout]);
  useEffect(() => drawing.current?.select(selected), [selected]);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (drawing.current?.pressKey(event.key) === true) event.preventDefault();
  };
  return (
    <div className="drawing">
      <div className="drawing-frame">
        <div
          className="drawing-surface"
          role="application"
          aria-label="The history as a drawing. Arrow keys go from intention to intention, plus and minus change the size."
          aria-describedby="drawing-told"
          tabIndex={0}
          onKeyDown={onKeyDown}
        >
          <canvas ref={canvas} aria-hidden="true" />
        </div>
        <div className="drawing-tools" role="group" aria-label="Size of the drawing">
          <ToolButton label="Larger" icon="plus" onPress={() => drawing.current?.zoom(ZOOM_STEP)} />
          <ToolButton label="Smaller" icon="minus" onPress={() => drawing.current?.zoom(1 / ZOOM_STEP)} />
          <ToolButton label="All of it" icon="fit" onPress={() => drawing.current?.fit()} />
          <ToolButton label="To the latest" icon="toEnd" onPress={() => drawing.current?.toEnd()} />
        </div>
      </div>
      <p className="hidden-text" id="drawing-told" aria-live="polite">
        {tellIntention(layout, selected)}
      </p>
      <Legend />
    </div>
  );
}

interface ToolButtonProps {
  readonly label: string;
  readonly icon: "plus" | "minus" | "fit" | "toEnd";
  readonly onPress: () => void;
}

function ToolButton({ label, icon, onPress }: ToolButtonProps): ReactNode {
  return (
    <button type="button" className="button button-icon" aria-label={label} title={label} onClick={onPress}>
      <Icon name={icon} />
    </button>
  );
}

function Legend(): ReactNode {
  return (
    <ul className="legend" aria-label="Shapes">
      <li>
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <circle cx="8" cy="8" r="5" />
        </svg>
        a write
      </li>
      <li>
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <rect x="3.5" y="3.5" width="9" height="9" />
        </svg>
        of the system
      </li>
      <li>
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <circle cx="8" cy="8" r="4" className="legend-hollow" />
        </svg>
        a merge
      </li>
      <li>
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="M8 1.5 14.5 8 8 14.5 1.5 8Z" />
        </svg>
        the first
      </li>
      <li>
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <circle cx="8" cy="8" r="5" className="legend-bad" />
        </svg>
        counts for nothing
      </li>
    </ul>
  );
}

function tellIntention({ intentions }: HistoryLayout, index: number): string {
  const intention = intentions[index];
  if (intention === undefined) return "";
  const who = intention.authorName || shortHex(intention.author);
  return `${shortHex(intention.id)}, ${intention.kind}, by ${who}, number ${intention.seq}, ${timeText(hlcToMs(intention.timestamp))}: ${intention.summary}`;
}

function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  return {
    surface: colour("--surface"),
    line: colour("--line"),
    lane: colour("--line-soft"),
    text: colour("--text"),
    muted: colour("--muted"),
    accent: colour("--accent"),
    bad: colour("--bad"),
    hues: Array.from({ length: HUE_COUNT }, (_, hue) => colour(`--hue-${hue}`)),
  };
}

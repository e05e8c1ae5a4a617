/** The same history line by line, the latest first. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useId, useRef, type KeyboardEvent, type ReactNode } from "react";
import { Identity } from "../parts/identity.tsx";
import { shortHex, toHex } from "../text/hex.ts";
import { shownText } from "../text/shown-text.ts";
import { hlcToMs, timeText } from "../text/times.ts";
import type { HistoryViewProps } from "./history-drawing.tsx";

const LINE_PX = 34;
const AHEAD_LINES = 40;

export function HistoryList({ layout, selected, onSelect, onOlderWanted }: HistoryViewProps): ReactNode {
  const { intentions } = layout;
  const scroller = useRef<HTMLDivElement>(null);
  const listId = useId();
  const virtualizer = useVirtualizer({
    count: intentions.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    overscan: 12,
  });
  const items = virtualizer.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? 0;
  const isNearEnd = intentions.length > 0 && lastShown > intentions.length - AHEAD_LINES;
  useEffect(() => {
    if (isNearEnd) onOlderWanted();
    // Asked once for each time that the end comes near.
  }, [isNearEnd, intentions.length]);
  const lineOf = (index: number): number => intentions.length - 1 - index;
  const active = selected < 0 ? -1 : lineOf(selected);
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, Home: -Infinity, End: Infinity }[
      event.key
    ];
    if (step === undefined || intentions.length === 0) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(intentions.length - 1, (active < 0 ? -1 : active) + step));
    onSelect(lineOf(next));
    virtualizer.scrollToIndex(next);
  };
  return (
    <div
      ref={scroller}
      className="key-list history-list"
      role="listbox"
      aria-label="Intentions, the latest first"
      tabIndex={0}
      aria-activedescendant={active < 0 ? undefined : `${listId}-${active}`}
      onKeyDown={onKeyDown}
    >
      <div className="key-rows" role="presentation" style={{ height: virtualizer.getTotalSize() }}>
        {items.map(({ index, start }) => {
          const intention = intentions[lineOf(index)]!;
          return (
            <div
              key={toHex(intention.id)}
              id={`${listId}-${index}`}
              role="option"
              aria-selected={index === active}
              className="key-line history-line"
              style={{ transform: `translateY(${start}px)` }}
              onClick={() => onSelect(lineOf(index))}
            >
              <code>{shortHex(intention.id)}</code>
              <time>{timeText(hlcToMs(intention.timestamp))}</time>
              <Identity publicKey={intention.author} name={intention.authorName} />
              <span className="badge badge-plain">{intention.kind}</span>
              <span className="key-preview">
                {shownText(
                  intention.note === "" ? intention.summary : `${intention.note}: ${intention.summary}`,
                )}
              </span>
            </div>
          );
        })}
      </div>
    </div>
  );
}
